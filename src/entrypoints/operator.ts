import 'reflect-metadata';
import type { Server } from 'node:https';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { listen } from '../adapters/http/listen-address.ts';
import { WEBHOOK_FASTIFY_OPTIONS, WebhookServer } from '../adapters/http/webhook-server.ts';
import { WebhookConfigurationKeeper } from '../adapters/kubernetes/webhook-configuration/webhook-configuration-keeper.ts';
import { PinoLog } from '../adapters/log/pino-log.ts';
import { ServingCertificate } from '../application/ports/serving-certificate.ts';
import { RolloutLoop } from '../application/rollout/rollout-loop.ts';
import { OperatorModule } from '../modules/operator.module.ts';
import { OperatorSettings } from '../modules/settings.ts';
import { OPERATOR_FLAGS, parseFlags, usage } from './flags.ts';
import { NestLog } from './nest-log.ts';
import { main, run, settingsFrom } from './start.ts';

/**
 * How long reviews are still taken once the process is told to end: until every kube-proxy sends them to others, and nobody has
 * come for a while.
 */
const ENDPOINTS_MOVE_ON = { atLeastMs: 3_000, quietMs: 1_000, atMostMs: 10_000 };

await main(async () => {
  const flags = parseFlags(OPERATOR_FLAGS, process.argv.slice(2));
  if (flags === 'help') return console.log(usage('kimup-operator', OPERATOR_FLAGS));
  const settings = settingsFrom('kimup-operator', '71be4586.kimup.cloudavenue.io', flags);
  const operator = new OperatorSettings({
    webhook: flags['webhook-port'],
    certificateFolder: flags['webhook-cert-dir'],
    service: flags['webhook-service'],
    url: flags['webhook-url'],
    concurrentRollouts: flags['concurrent-rollouts'],
    rolloutDeadlineMs: flags['rollout-deadline'],
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    OperatorModule.with(settings, operator),
    new FastifyAdapter(WEBHOOK_FASTIFY_OPTIONS),
    {
      logger: new NestLog(new PinoLog(settings.component, settings.logLevel)),
      abortOnError: false,
      bodyParser: false,
    },
  );
  const certificate = app.get<ServingCertificate>(ServingCertificate);
  const webhook = app.get(WebhookServer);
  await run(app, {
    leaderWork: [app.get(WebhookConfigurationKeeper), app.get(RolloutLoop)],
    notReady: () => (webhook.ready() ? undefined : (certificate.problem() ?? 'the webhook has no certificate yet')),
    async serve() {
      webhook.attach(app.getHttpAdapter().getInstance() as unknown as FastifyInstance);
      webhook.secure(app.getHttpServer() as unknown as Server);
      await certificate.start();
      await listen(app, operator.webhook, '--webhook-port');
    },
    async drain() {
      // Outside of a cluster nobody else answers at its URL: there is nothing to wait for.
      if (operator.url === '') await webhook.drain(ENDPOINTS_MOVE_ON);
      certificate.stop();
    },
  });
});
