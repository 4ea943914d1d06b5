import { type DynamicModule, Global, Module } from '@nestjs/common';
import { FindUpdate } from '../application/refresh/find-update.ts';
import { RefreshReport } from '../application/refresh/refresh-report.ts';
import { RefreshImage } from '../application/refresh/refresh-image.ts';
import { RefreshLoop, RefreshSettings } from '../application/refresh/refresh-loop.ts';
import { PlatformModule } from './platform.module.ts';
import { RegistryModule } from './registry.module.ts';
import { ControllerSettings, type Settings } from './settings.ts';
import { TriggersModule } from './triggers.module.ts';

/** kimup-controller: from the triggers to the Image's status. */
@Global()
@Module({})
export class ControllerModule {
  static with(settings: Settings, controller: ControllerSettings): DynamicModule {
    return {
      module: ControllerModule,
      imports: [PlatformModule.with(settings), RegistryModule, TriggersModule],
      providers: [
        { provide: ControllerSettings, useValue: controller },
        { provide: RefreshSettings, useValue: new RefreshSettings(controller.concurrentRefreshes) },
        FindUpdate,
        RefreshReport,
        RefreshImage,
        RefreshLoop,
      ],
      exports: [ControllerSettings],
    };
  }
}
