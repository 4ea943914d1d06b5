import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { CronerCrontab } from '../adapters/schedule/croner-crontab.ts';
import { NestScheduleAlarm } from '../adapters/schedule/nest-schedule-alarm.ts';
import { Alarm } from '../application/ports/alarm.ts';
import { Crontab } from '../application/ports/crontab.ts';
import { RefreshScheduler } from '../application/trigger/refresh-scheduler.ts';
import { ImagesModule } from './images.module.ts';
import { SystemModule } from './system.module.ts';

/** When Images are refreshed. */
@Module({
  imports: [ScheduleModule.forRoot(), SystemModule, ImagesModule],
  providers: [
    { provide: Crontab, useClass: CronerCrontab },
    { provide: Alarm, useClass: NestScheduleAlarm },
    RefreshScheduler,
  ],
  exports: [RefreshScheduler],
})
export class TriggersModule {}
