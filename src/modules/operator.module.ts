import { type DynamicModule, Module } from '@nestjs/common';
import { AdmissionModule } from './admission.module.ts';
import { ProbesModule } from './probes.module.ts';
import { RolloutModule } from './rollout.module.ts';
import type { OperatorSettings, Settings } from './settings.ts';
import { SettingsModule } from './settings.module.ts';

/** kimup-operator: admission on every replica; rollouts and the webhook's configuration by the leader. */
@Module({ imports: [ProbesModule, AdmissionModule, RolloutModule] })
export class OperatorModule {
  static with(settings: Settings, operator: OperatorSettings): DynamicModule {
    return { module: OperatorModule, imports: [SettingsModule.with(settings, operator)] };
  }
}
