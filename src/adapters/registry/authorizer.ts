import type { RegistryCredentials } from '../../application/ports/tag-registry.ts';
import { isRefusedAddress } from '../net/address-guard.ts';
import { BoundedMap } from '../../support/bounded-map.ts';
import { parseChallenges } from './challenge.ts';
import type { Limits } from './limits.ts';
import { errorDetail, invalidAnswer, statusError } from './registry-errors.ts';
import { basicValue, type Session } from './session.ts';
import { type TokenServer, Tokens } from './tokens.ts';
import type { Answer, Question, Transport } from './transport.ts';

/** How a registry wants to be signed in to. */
type Way = { readonly scheme: 'basic' } | { readonly scheme: 'bearer'; readonly server: TokenServer };

/** One question's way to sign in. */
interface SignIn {
  /** Under which the way is remembered. */
  readonly key: string;
  /** The way that was remembered from another question. */
  readonly known: Way | undefined;
  /** The one that is tried now. */
  way: Way;
}

/** What came of asking with some credentials. */
interface Attempt {
  /** Absent when there was nothing to sign in with, or the token server refused it. */
  readonly answer?: Answer;
  /** What the token server refused. */
  readonly refusal?: Error;
  /** False where a token was used that was had before. */
  readonly fresh: boolean;
  /** Takes that token out. */
  readonly forget: () => void;
}

/** Asks a registry and signs in where it wants that: anonymously first, then with each of the credentials until one will do. */
export class Authorizer {
  private readonly tokens: Tokens;
  /** The way that a registry wanted for a repository before, so that it need not refuse us first each time. No secrets. */
  private readonly ways: BoundedMap<string, Way>;

  constructor(
    private readonly transport: Transport,
    limits: Limits,
    now: () => number,
  ) {
    this.tokens = new Tokens(transport, limits, now);
    this.ways = new BoundedMap(limits.remembered);
  }

  /**
   * The answer to `question`, whatever its status but 401 and 403.
   * @throws RegistryError `unauthorized` when nothing that there is will do
   */
  async ask(session: Session, question: Question): Promise<Answer> {
    // Where a page of a redirected list leads on: what is signed in to is the registry itself, nobody else.
    if (question.url.origin !== session.origin)
      return this.checked(session, question, await this.transport.ask(session, question), false);

    // Reading tags and manifests may take different scopes.
    const key = `${question.method} ${session.origin}/${session.subject.repository}`;
    const known = this.ways.get(key);
    if (known !== undefined) return this.signIn(session, question, { key, known, way: known });

    const refused = await this.transport.ask(session, question);
    const way = refused.status === 401 ? wantedWay(session, refused) : undefined;
    if (way === undefined) return this.checked(session, question, refused, false);
    this.ways.set(key, way);
    return this.signIn(session, question, { key, known, way }, refused);
  }

  /** Asks with each of the credentials until one will do. @param challenge the answer that wanted us to sign in, where one was had */
  private async signIn(session: Session, question: Question, by: SignIn, challenge?: Answer): Promise<Answer> {
    const everyone: readonly (RegistryCredentials | undefined)[] =
      session.credentials.length > 0 ? session.credentials : [undefined];
    let refused = challenge;
    let refusal: Error | undefined;
    try {
      for (const credentials of everyone) {
        const { answer, ...attempt } = await this.attemptAgain(session, question, by, credentials);
        if (answer !== undefined && answer.status !== 401 && answer.status !== 403) return answer;
        refused = answer ?? refused;
        refusal = attempt.refusal;
      }
      if (refusal !== undefined || refused === undefined)
        throw refusal ?? statusError(session.subject, 401, { asked: question.asked, credentials: false });
      return this.checked(session, question, refused, session.credentials.length > 0);
    } catch (error) {
      // The next one starts from what the registry wants then.
      this.ways.delete(by.key, by.way);
      throw error;
    }
  }

  /** An attempt, and where what was remembered may be out of date, the token or the way itself, once more with what the registry wants now. */
  private async attemptAgain(
    session: Session,
    question: Question,
    by: SignIn,
    credentials: RegistryCredentials | undefined,
  ): Promise<Attempt> {
    const attempt = await this.attempt(session, question, by.way, credentials);
    if (attempt.answer?.status !== 401) return attempt;
    const wanted: Way = wantedWay(session, attempt.answer) ?? by.way;
    const outdated = !attempt.fresh || (by.way === by.known && !sameWay(wanted, by.way));
    if (!outdated) return attempt;
    attempt.forget();
    by.way = wanted;
    this.ways.set(by.key, wanted);
    return this.attempt(session, question, wanted, credentials);
  }

  private async attempt(
    session: Session,
    question: Question,
    way: Way,
    credentials: RegistryCredentials | undefined,
  ): Promise<Attempt> {
    const nothing = () => undefined;
    if (way.scheme === 'basic') {
      if (credentials === undefined || (credentials.identityToken !== undefined && credentials.password === '')) {
        // Without anything to sign in with, whether it is still wanted is all that can be found out.
        return { answer: await this.transport.ask(session, question), fresh: true, forget: nothing };
      }
      const answer = await this.transport.ask(session, {
        ...question,
        authorization: `Basic ${basicValue(credentials)}`,
      });
      return { answer, fresh: true, forget: nothing };
    }
    const { answer: token, fresh, forget } = await this.tokens.get(session, way.server, credentials);
    if ('refused' in token) {
      const refusal = statusError(session.subject, token.refused === 400 ? 401 : token.refused, {
        asked: question.asked,
        credentials: credentials !== undefined,
        detail: token.detail,
      });
      return { refusal, fresh, forget };
    }
    return {
      answer: await this.transport.ask(session, { ...question, authorization: `Bearer ${token.token}` }),
      fresh,
      forget,
    };
  }

  private checked(session: Session, { asked }: Question, answer: Answer, credentials: boolean): Answer {
    if (answer.status !== 401 && answer.status !== 403) return answer;
    throw statusError(session.subject, answer.status, {
      asked,
      credentials,
      detail: errorDetail(answer.body, session.secrets),
      proxy: answer.proxy,
    });
  }
}

/** Bearer before basic, as registries that offer both mean it. Nothing where another host asks: our credentials are not for it. */
function wantedWay(session: Session, answer: Answer): Way | undefined {
  if (answer.url.origin !== session.origin) return undefined;
  const challenges = parseChallenges(answer.headers['www-authenticate']);
  const bearer = challenges.find(({ scheme, params }) => scheme === 'bearer' && params.has('realm'));
  if (bearer === undefined)
    return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : undefined;
  const scope = bearer.params.get('scope') ?? '';
  return {
    scheme: 'bearer',
    server: {
      realm: checkedRealm(session, bearer.params.get('realm') ?? ''),
      service: bearer.params.get('service'),
      scope: scope === '' ? `repository:${session.subject.repository}:pull` : scope,
    },
  };
}

function sameWay(a: Way, b: Way): boolean {
  if (a.scheme === 'basic' || b.scheme === 'basic') return a.scheme === b.scheme;
  return (
    a.server.realm.href === b.server.realm.href &&
    a.server.service === b.server.service &&
    a.server.scope === b.server.scope
  );
}

/** A token server may be on another host, but not where only this machine or its cloud answers, nor on plain HTTP for a registry that is not. */
function checkedRealm(session: Session, realm: string): URL {
  const url = URL.parse(realm);
  const refuse = (why: string) =>
    invalidAnswer(session.subject, `names a token server that kimup refuses to use (${why})`);
  if (url === null) throw refuse('its realm is not a URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && session.origin.startsWith('http:')))
    throw refuse('its realm is not HTTPS');
  if (url.username !== '' || url.password !== '') throw refuse('its realm contains credentials');
  if (isRefusedAddress(url.hostname)) throw refuse(`${url.hostname} is a link-local or metadata address`);
  url.hash = '';
  return url;
}
