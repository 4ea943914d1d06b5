import { type DynamicModule, Module } from '@nestjs/common';
import type { ControllerSettings, OperatorSettings, Settings } from './settings.ts';

/**
 * What the process was told when it started, each under its own class. The one module that is global: its values come from
 * outside, so that nobody could import it without having them.
 */
@Module({})
export class SettingsModule {
  static with(...all: readonly (Settings | ControllerSettings | OperatorSettings)[]): DynamicModule {
    const providers = all.map((settings) => ({ provide: settings.constructor, useValue: settings }));
    return { module: SettingsModule, global: true, providers, exports: providers };
  }
}
