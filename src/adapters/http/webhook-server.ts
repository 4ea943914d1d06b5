import type { Server } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureVersion } from 'node:tls';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { StaleCacheError, ReviewPod } from '../../application/admission/review-pod.ts';
import { Log } from '../../application/ports/log.ts';
import { Metrics } from '../../application/ports/metrics.ts';
import { ServingCertificate } from '../../application/ports/serving-certificate.ts';
import { formatAdmissionReview, MalformedReviewError, parseAdmissionReview } from './admission-review.ts';

export const WEBHOOK_PATH = '/mutate/image-tag';

/** Every API server with matchConditions (1.30) speaks it. */
const MIN_TLS_VERSION: SecureVersion = 'TLSv1.3';
/** The API server takes objects of up to 3 MiB, and an update carries two. */
const BODY_LIMIT = 7 * 1024 * 1024;

const TEXT = 'text/plain; charset=utf-8';

/** What Fastify is made with to serve admission. The certificate follows when there is one: {@link WebhookServer.secure}. */
export const WEBHOOK_FASTIFY_OPTIONS = {
  https: { minVersion: MIN_TLS_VERSION, handshakeTimeout: 10_000 },
  logger: false,
  bodyLimit: BODY_LIMIT,
  requestTimeout: 10_000,
  // Longer than the API server keeps an idle connection (90 s), so that it is the one to close it, never while it asks.
  keepAliveTimeout: 120_000,
  // While shutting down, what still comes is answered: a 503 would refuse pods.
  return503OnClosing: false,
  forceCloseConnections: 'idle',
} as const;

/** Serves the review of pods: a route on a Fastify instance over HTTPS. */
@Injectable()
export class WebhookServer {
  private draining = false;
  private lastAsked = -Infinity;

  constructor(
    private readonly reviewPod: ReviewPod,
    private readonly certificate: ServingCertificate,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  /** Whether a review would be answered: the certificate is there, and every Image and namespace was seen. */
  ready(): boolean {
    return this.certificate.current() !== undefined && this.reviewPod.ready();
  }

  /**
   * Sends whoever asks elsewhere: from now on each answer ends its connection, so that the next review goes where the Service
   * says. Resolves when that has gone on for `atLeastMs` and nobody has asked for `quietMs`, or after `atMostMs`.
   */
  async drain({
    atLeastMs,
    quietMs,
    atMostMs,
  }: {
    readonly atLeastMs: number;
    readonly quietMs: number;
    readonly atMostMs: number;
  }): Promise<void> {
    this.draining = true;
    const began = performance.now();
    for (;;) {
      const now = performance.now();
      const until = Math.min(Math.max(began + atLeastMs, this.lastAsked + quietMs), began + atMostMs);
      if (now >= until) return;
      await sleep(until - now);
    }
  }

  /** Serves with the present certificate, and for new connections with each one after it; open connections go on. */
  secure(server: Server): void {
    this.certificate.subscribe(({ certificate, key }) => {
      try {
        // Without minVersion it would fall back to Node's own.
        server.setSecureContext({ cert: certificate, key, minVersion: MIN_TLS_VERSION });
      } catch (error) {
        this.log.error('the new webhook certificate was rejected; still serving the old one', {
          error: (error as Error).message,
        });
      }
    });
  }

  /** Puts the route on `fastify`, with a parser and an error handler that are this route's alone. */
  attach(fastify: FastifyInstance): void {
    fastify.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        'application/json',
        { parseAs: 'string', bodyLimit: BODY_LIMIT },
        (_request, body, done) => done(null, body),
      );
      scope.setErrorHandler((error, _request, reply) => this.refuse(error, reply));
      scope.addHook('onRequest', (_request, reply, done) => {
        this.lastAsked = performance.now();
        if (this.draining) reply.header('connection', 'close');
        done();
      });
      scope.post(WEBHOOK_PATH, (request, reply) => this.review(request.body, reply));
      scope.route({
        method: ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
        url: WEBHOOK_PATH,
        handler: (_request, reply) =>
          reply.code(405).header('allow', 'POST').type(TEXT).send('an AdmissionReview is POSTed here\n'),
      });
    });
  }

  private review(body: unknown, reply: FastifyReply): FastifyReply {
    if (this.reviewPod.ready()) return reply.header('content-type', 'application/json').send(this.answer(body));
    this.metrics.done('mutator_request', 0, true);
    return reply
      .code(503)
      .header('retry-after', '1')
      .type(TEXT)
      .send('kimup is still loading Images and namespaces; try again\n');
  }

  private refuse(error: unknown, reply: FastifyReply): FastifyReply {
    const { status, message } = this.refusal(error);
    this.metrics.done('mutator_request', 0, true);
    // Others may know better: the next review is to go where the Service says.
    if (status === 503) reply.header('connection', 'close');
    return reply.code(status).type(TEXT).send(`${message}\n`);
  }

  private answer(body: unknown): string {
    const begun = performance.now();
    const review = parseAdmissionReview(typeof body === 'string' ? body : '');
    const parsed = performance.now();
    try {
      const answer = this.reviewPod.review(review);
      const text = formatAdmissionReview(review.uid, answer);
      const ended = performance.now();
      if (answer.patch.length > 0) this.metrics.done('mutator_patch', (ended - parsed) / 1000, false);
      this.metrics.done('mutator_request', (ended - begun) / 1000, false);
      return text;
    } catch (error) {
      this.metrics.done('mutator_patch', (performance.now() - parsed) / 1000, true);
      throw error;
    }
  }

  /** What is answered to what went wrong. A fault of ours is a 500, so that the failure policy decides over the pod. */
  private refusal(error: unknown): { status: number; message: string } {
    if (error instanceof MalformedReviewError) return { status: 400, message: error.message };
    if (error instanceof StaleCacheError) return { status: 503, message: error.message };
    const { code, statusCode, message } = error as { code?: string; statusCode?: number; message: string };
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
      return { status: 413, message: `the body is larger than ${BODY_LIMIT} bytes` };
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
      return { status: 400, message: 'content-type: expected application/json' };
    if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return { status: statusCode, message };
    this.log.error('a review failed: this is a bug in kimup', {
      error: error instanceof Error ? error.stack : String(error),
    });
    return { status: 500, message: 'kimup could not review this pod; see the log of kimup-operator' };
  }
}
