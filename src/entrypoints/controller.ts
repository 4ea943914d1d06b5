import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { NestFactory } from '@nestjs/core';
import { PinoLog } from '../adapters/log/pino-log.ts';
import { RefreshLoop } from '../application/refresh/refresh-loop.ts';
import { ControllerModule } from '../modules/controller.module.ts';
import { ControllerSettings } from '../modules/settings.ts';
import { CONTROLLER_FLAGS, parseFlags, usage } from './flags.ts';
import { NestLog } from './nest-log.ts';
import { main, run, settingsFrom } from './start.ts';

// Nobody waits for an answer of this component: room before speed. Pages half empty are cleared, docs/decisions/0008-a-small-heap.md.
setFlagsFromString('--optimize-for-size');
await main(async () => {
  const flags = parseFlags(CONTROLLER_FLAGS, process.argv.slice(2));
  if (flags === 'help') return console.log(usage('kimup-controller', CONTROLLER_FLAGS));
  const settings = settingsFrom('kimup-controller', 'kimup-controller', flags);
  const app = await NestFactory.createApplicationContext(
    ControllerModule.with(
      settings,
      new ControllerSettings(flags['concurrent-refreshes'], flags['plain-http-registries']),
    ),
    { logger: new NestLog(new PinoLog(settings.component, settings.logLevel)), abortOnError: false },
  );
  await run(app, { leaderWork: [app.get(RefreshLoop)] });
});
