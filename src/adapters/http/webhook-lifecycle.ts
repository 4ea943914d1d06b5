import type { Server } from 'node:https';
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Readiness } from '../../application/health/readiness.ts';
import { ServingCertificate } from '../../application/ports/serving-certificate.ts';
import { WebhookServer } from './webhook-server.ts';

/** The webhook's place in the application: its route on the application's own Fastify, its certificate, its part of readiness. */
@Injectable()
export class WebhookLifecycle implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly webhook: WebhookServer,
    private readonly certificate: ServingCertificate,
    readiness: Readiness,
  ) {
    readiness.needs(() =>
      webhook.ready() ? undefined : (certificate.problem() ?? 'the webhook has no certificate yet'),
    );
  }

  /** A route of Fastify's, past Nest's own: docs/decisions/0010-the-admission-route-is-fastifys.md. */
  onModuleInit(): void {
    const { httpAdapter } = this.host;
    this.webhook.attach(httpAdapter.getInstance<FastifyInstance>());
    this.webhook.secure(httpAdapter.getHttpServer() as Server);
  }

  /** After the probes are served and the watches have begun, before the webhook is listened for. */
  async onApplicationBootstrap(): Promise<void> {
    await this.certificate.start();
  }

  beforeApplicationShutdown(): void {
    this.certificate.stop();
  }
}
