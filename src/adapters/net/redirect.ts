const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_LOCATION = 8_192;

/** A redirect that kimup does not follow. */
export class RefusedRedirectError extends Error {
  override readonly name = 'RefusedRedirectError';

  /**
   * @param reason why, without the address
   * @param target where it leads; absent where its Location is not a URL
   */
  constructor(
    readonly reason: string,
    readonly target?: URL,
  ) {
    super(`a redirect that kimup does not follow (${reason})`);
  }
}

/** Whether an answer with this status leads elsewhere. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * Where a redirect of `from` leads: to HTTPS, or from plain HTTP to the server that was meant to be asked.
 * @param origin of the server that was meant to be asked
 * @param sendsCredentials whether the request holds credentials in its body, which are never sent on
 * @throws RefusedRedirectError
 */
export function redirectTarget(
  from: URL,
  location: string | string[] | undefined,
  origin: string,
  sendsCredentials: boolean,
): URL {
  const target =
    typeof location === 'string' && location.length <= MAX_LOCATION ? URL.parse(location, from.href) : null;
  if (target === null) throw new RefusedRedirectError('no valid Location header');
  const refuse = (reason: string) => new RefusedRedirectError(reason, target);
  if (sendsCredentials) throw refuse('credentials are not sent on');
  if (target.username !== '' || target.password !== '') throw refuse('it contains credentials');
  if (target.protocol === 'https:') return target;
  if (target.protocol !== 'http:') throw refuse('neither HTTPS nor HTTP');
  if (from.protocol === 'https:') throw refuse('from HTTPS to HTTP');
  if (target.origin !== origin) throw refuse('another host over plain HTTP');
  return target;
}
