import 'reflect-metadata';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { listen } from '../adapters/http/listen-address.ts';
import { WEBHOOK_FASTIFY_OPTIONS, WebhookServer } from '../adapters/http/webhook-server.ts';
import { OperatorModule } from '../modules/operator.module.ts';
import { OperatorSettings } from '../modules/settings.ts';
import { parseFlags, usage } from './command-line/command-line.ts';
import { OPERATOR } from './command-line/flags.ts';
import { create, main, run, settingsFrom } from './start.ts';

/**
 * How long reviews are still taken once the process is told to end: until every kube-proxy sends them to others, and nobody has
 * come for a while.
 */
const ENDPOINTS_MOVE_ON = { atLeastMs: 3_000, quietMs: 1_000, atMostMs: 10_000 };

await main(async () => {
  const flags = parseFlags(OPERATOR, process.argv.slice(2));
  if (flags === 'help') return console.log(usage(OPERATOR));
  const settings = settingsFrom('kimup-operator', '71be4586.kimup.cloudavenue.io', flags);
  const operator = new OperatorSettings({
    webhook: flags['webhook-port'],
    certificateFolder: flags['webhook-cert-dir'],
    service: flags['webhook-service'],
    url: flags['webhook-url'],
    concurrentRollouts: flags['concurrent-rollouts'],
    rolloutDeadlineMs: flags['rollout-deadline'],
  });
  const fastify = new FastifyAdapter({ ...WEBHOOK_FASTIFY_OPTIONS, skipMiddie: true });
  const app = await create(OperatorModule.with(settings, operator), settings, fastify);
  await run(app, {
    listen: () => listen(app, operator.webhook, '--webhook-port'),
    async drain() {
      // Outside of a cluster nobody else answers at its URL: there is nothing to wait for.
      if (operator.url === '') await app.get(WebhookServer).drain(ENDPOINTS_MOVE_ON);
    },
  });
});
