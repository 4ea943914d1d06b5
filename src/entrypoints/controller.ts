import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { ControllerModule } from '../modules/controller.module.ts';
import { ControllerSettings } from '../modules/settings.ts';
import { parseFlags, usage } from './command-line/command-line.ts';
import { CONTROLLER } from './command-line/flags.ts';
import { create, main, run, settingsFrom } from './start.ts';

// Nobody waits for an answer of this component: room before speed. Pages half empty are cleared, docs/decisions/0008-a-small-heap.md.
setFlagsFromString('--optimize-for-size');
await main(async () => {
  const flags = parseFlags(CONTROLLER, process.argv.slice(2));
  if (flags === 'help') return console.log(usage(CONTROLLER));
  const settings = settingsFrom('kimup-controller', 'kimup-controller', flags);
  const controller = new ControllerSettings(flags['concurrent-refreshes'], flags['plain-http-registries']);
  await run(await create(ControllerModule.with(settings, controller), settings));
});
