import { Module } from '@nestjs/common';
import { Explanations } from '../application/decision/explanations.ts';
import { FindUpdate } from '../application/refresh/find-update.ts';
import { RefreshController, RefreshSettings } from '../application/refresh/refresh-controller.ts';
import { RefreshReport } from '../application/refresh/refresh-report.ts';
import { RefreshImage } from '../application/refresh/refresh-image.ts';
import { ActionsModule } from './actions.module.ts';
import { ControllersModule } from './controllers.module.ts';
import { ImagesModule } from './images.module.ts';
import { KubernetesModule } from './kubernetes.module.ts';
import { RegistryModule } from './registry.module.ts';
import { RulesModule } from './rules.module.ts';
import { ControllerSettings } from './settings.ts';
import { SystemModule } from './system.module.ts';
import { TriggersModule } from './triggers.module.ts';

/** From a trigger to the Image's status. */
@Module({
  imports: [
    SystemModule,
    KubernetesModule,
    ControllersModule,
    ImagesModule,
    RegistryModule,
    RulesModule,
    ActionsModule,
    TriggersModule,
  ],
  providers: [
    {
      provide: RefreshSettings,
      useFactory: ({ concurrentRefreshes }: ControllerSettings) => new RefreshSettings(concurrentRefreshes),
      inject: [ControllerSettings],
    },
    Explanations,
    FindUpdate,
    RefreshReport,
    RefreshImage,
    RefreshController,
  ],
})
export class RefreshModule {}
