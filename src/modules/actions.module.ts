import { Module } from '@nestjs/common';
import { ActionCatalogue } from '../application/action/action-catalogue.ts';

/** What the actions of rules do. An action that needs something from outside gets it here. */
@Module({
  providers: [{ provide: ActionCatalogue, useFactory: () => new ActionCatalogue() }],
  exports: [ActionCatalogue],
})
export class ActionsModule {}
