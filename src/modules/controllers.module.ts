import { Module } from '@nestjs/common';
import { Controllers } from '../application/controller/controllers.ts';
import { SystemModule } from './system.module.ts';

/** What the leader works on: each controller of the component takes part by being made. */
@Module({ imports: [SystemModule], providers: [Controllers], exports: [Controllers] })
export class ControllersModule {}
