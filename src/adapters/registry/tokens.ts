import { createHmac, randomBytes } from 'node:crypto';
import { type RegistryCredentials, RegistryError } from '../../application/ports/tag-registry.ts';
import { BoundedMap } from '../../support/bounded-map.ts';
import type { Limits } from './limits.ts';
import { type Asked, errorDetail, invalidAnswer, retryAfterMs, statusError } from './registry-errors.ts';
import { basicValue, Session } from './session.ts';
import type { Answer, Question, Transport } from './transport.ts';

/** Where a token is had, and for what, as a bearer challenge says (distribution's token authentication specification). */
export interface TokenServer {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scope: string;
}

/** What a token request came to: a token, or the token server's status when it refused the credentials. */
export type TokenAnswer =
  | { readonly token: string; readonly expiresAt: number }
  | { readonly refused: number; readonly detail?: string };

export interface TokenLease {
  readonly answer: TokenAnswer;
  /** False for a token that was had before: the registry may not take it any more. */
  readonly fresh: boolean;
  /** Takes it out, so that the next asker gets another. */
  readonly forget: () => void;
}

const TOKEN: Asked = { what: 'token' };

const DEFAULT_LIFETIME_S = 60;
const MAX_LIFETIME_S = 3_600;

/** Bearer tokens, kept until shortly before they expire. Concurrent askers share one request. */
export class Tokens {
  private readonly kept: BoundedMap<string, { readonly answer: Promise<TokenAnswer>; expiresAt: number }>;
  /** Keys hold no credentials, nor anything that could be tried against a list of them. */
  private readonly salt = randomBytes(32);

  constructor(
    private readonly transport: Transport,
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {
    this.kept = new BoundedMap(limits.remembered);
  }

  /**
   * A token for `credentials` (anonymous without), had before or asked for now.
   * @throws RegistryError when the token server gives no answer that can be used; refusing the credentials is one
   */
  async get(session: Session, server: TokenServer, credentials: RegistryCredentials | undefined): Promise<TokenLease> {
    const key = this.keyOf(session, server, credentials);
    let entry = this.kept.get(key);
    if (entry !== undefined && entry.expiresAt <= this.now()) entry = undefined;
    const fresh = entry === undefined || entry.expiresAt === Number.POSITIVE_INFINITY;
    if (entry === undefined) {
      const created = { answer: this.request(session, server, credentials), expiresAt: Number.POSITIVE_INFINITY };
      entry = created;
      this.kept.set(key, created);
      created.answer.then(
        (answer) => {
          if ('token' in answer) created.expiresAt = answer.expiresAt;
          else this.kept.delete(key, created);
        },
        () => this.kept.delete(key, created),
      );
    }
    const current = entry;
    const answer = await session.wait(current.answer);
    if ('token' in answer) session.secrets.add(answer.token);
    return { answer, fresh, forget: () => this.kept.delete(key, current) };
  }

  /** In a session of its own, so that an asker who gives up does not take the token from the others. */
  private request(
    asker: Session,
    server: TokenServer,
    credentials: RegistryCredentials | undefined,
  ): Promise<TokenAnswer> {
    const options = {
      subject: asker.subject,
      origin: asker.origin,
      credentials: credentials === undefined ? [] : [credentials],
      insecureSkipTLSVerify: asker.insecureSkipTLSVerify,
      deadlineMs: 2 * this.limits.requestTimeoutMs,
    };
    return Session.run(options, undefined, async (session) => {
      const answer = await this.transport.ask(session, this.question(server, credentials));
      if (answer.status === 200) return this.read(session, answer);
      const detail = errorDetail(answer.body, session.secrets);
      // RFC 6749 section 5.2: a bad refresh token is a 400.
      if ([400, 401, 403].includes(answer.status))
        return { refused: answer.status, ...(detail === undefined ? {} : { detail }) };
      if (answer.status === 404)
        throw invalidAnswer(
          session.subject,
          `names a token server (${session.shown(server.realm.host)}) that answered 404`,
        );
      const wait = retryAfterMs(answer.headers['retry-after'], this.now());
      const error = statusError(session.subject, answer.status, {
        asked: TOKEN,
        credentials: false,
        retryAfterMs: wait,
        proxy: answer.proxy,
      });
      throw new RegistryError(
        `token server ${session.shown(server.realm.host)} of ${error.message}`,
        error.code,
        error.retryAfterMs,
      );
    });
  }

  private question(server: TokenServer, credentials: RegistryCredentials | undefined): Question {
    const common = { asked: TOKEN, accept: 'application/json', maxBytes: this.limits.tokenBytes };
    const fields: [string, string][] = server.service === undefined ? [] : [['service', server.service]];
    if (credentials?.identityToken !== undefined) {
      // RFC 6749 section 6, and distribution's "Docker Registry v2 authentication using OAuth2".
      const form = new URLSearchParams([
        ['grant_type', 'refresh_token'],
        ...fields,
        ['client_id', 'kimup'],
        ['scope', server.scope],
        ['refresh_token', credentials.identityToken],
      ]);
      return { ...common, method: 'POST', url: server.realm, form: form.toString() };
    }
    const url = new URL(server.realm);
    for (const [name, value] of fields) url.searchParams.set(name, value);
    for (const scope of server.scope.split(' ')) if (scope !== '') url.searchParams.append('scope', scope);
    return {
      ...common,
      method: 'GET',
      url,
      ...(credentials === undefined ? {} : { authorization: `Basic ${basicValue(credentials)}` }),
    };
  }

  private read(session: Session, answer: Answer): TokenAnswer {
    let content: unknown;
    try {
      content = JSON.parse(answer.body.toString('utf8'));
    } catch {
      content = undefined;
    }
    const { token, access_token: accessToken, expires_in: expiresIn } = (content ?? {}) as Record<string, unknown>;
    const value = typeof token === 'string' && token !== '' ? token : accessToken;
    if (typeof value !== 'string' || !/^[\x21-\x7e]{1,32768}$/.test(value)) {
      throw invalidAnswer(
        session.subject,
        `has a token server (${session.shown(answer.url.host)}) that sent no usable token`,
      );
    }
    const seconds =
      typeof expiresIn === 'number' && expiresIn > 0 ? Math.min(expiresIn, MAX_LIFETIME_S) : DEFAULT_LIFETIME_S;
    // A tenth of its life, at most 30 s, is left for the request that it is used for.
    return { token: value, expiresAt: this.now() + (seconds - Math.min(30, seconds / 10)) * 1_000 };
  }

  private keyOf(session: Session, server: TokenServer, credentials: RegistryCredentials | undefined): string {
    const parts = [
      session.origin,
      session.insecureSkipTLSVerify,
      server.realm.href,
      server.service,
      server.scope,
      credentials?.username,
      credentials?.password,
      credentials?.identityToken,
    ];
    return createHmac('sha256', this.salt)
      .update(JSON.stringify(parts.map((part) => part ?? null)))
      .digest('base64');
  }
}
