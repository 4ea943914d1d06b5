import { type DynamicModule, Module } from '@nestjs/common';
import { ProbesModule } from './probes.module.ts';
import { RefreshModule } from './refresh.module.ts';
import type { ControllerSettings, Settings } from './settings.ts';
import { SettingsModule } from './settings.module.ts';

/** kimup-controller: from the triggers to the Image's status. */
@Module({ imports: [ProbesModule, RefreshModule] })
export class ControllerModule {
  static with(settings: Settings, controller: ControllerSettings): DynamicModule {
    return { module: ControllerModule, imports: [SettingsModule.with(settings, controller)] };
  }
}
