import { Agent, type Dispatcher, request } from 'undici';
import { type BuiltImage, manifestType } from '../images/image.ts';
import { type RegistryAuth, testCredentials } from './credentials.ts';
import type { TokenServer } from './token-server.ts';

/** What its User-Agent starts with: its own requests are left out of those that the registry is said to have answered. */
export const OWN_USER_AGENT = 'kimup-test-registry';

/** What is needed of the distribution API (distribution spec v1.1). */
export class RegistryClient {
  readonly url: string;
  readonly ca: string | undefined;
  private readonly agent: Agent;
  private readonly auth: RegistryAuth | undefined;
  private readonly tokens: TokenServer | undefined;

  constructor(url: string, ca: string | undefined, auth: RegistryAuth | undefined, tokens: TokenServer | undefined) {
    this.url = url;
    this.ca = ca;
    this.auth = auth;
    this.tokens = tokens;
    this.agent = new Agent({ ...(ca === undefined ? {} : { connect: { ca } }) });
  }

  async call(
    method: Dispatcher.HttpMethod,
    path: string,
    body?: Buffer,
    headers: Record<string, string> = {},
  ): Promise<{ statusCode: number; headers: Record<string, string | string[] | undefined>; text: string }> {
    const authorization = await this.authorization(path);
    const response = await request(new URL(path, this.url), {
      method,
      headers: { 'user-agent': OWN_USER_AGENT, ...(authorization ? { authorization } : {}), ...headers },
      body: body ?? null,
      dispatcher: this.agent,
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
    });
    return { statusCode: response.statusCode, headers: response.headers, text: await response.body.text() };
  }

  /** The authorization that this object gives itself, without asking. */
  private async authorization(path: string): Promise<string | undefined> {
    if (this.auth === 'basic')
      return `Basic ${Buffer.from(`${testCredentials.username}:${testCredentials.password}`).toString('base64')}`;
    if (!this.tokens) return undefined;
    const repository = /^\/v2\/(.+)\/(?:blobs|manifests|tags)\//.exec(path)?.[1];
    return `Bearer ${await this.tokens.issue(repository === undefined ? [] : [{ type: 'repository', name: repository, actions: ['pull', 'push', 'delete'] }])}`;
  }

  async push(repository: string, tag: string, { manifest, blobs }: BuiltImage): Promise<string> {
    for (const blob of blobs) {
      if ((await this.call('HEAD', `/v2/${repository}/blobs/${blob.digest}`)).statusCode === 200) continue;
      const upload = await this.expect(202, 'POST', `/v2/${repository}/blobs/uploads/`);
      const location = new URL(String(upload.headers['location']), this.url);
      location.searchParams.set('digest', blob.digest);
      await this.expect(201, 'PUT', location.pathname + location.search, blob.bytes, {
        'content-type': 'application/octet-stream',
      });
    }
    await this.expect(201, 'PUT', `/v2/${repository}/manifests/${tag}`, manifest.bytes, {
      'content-type': manifest.mediaType,
    });
    return manifest.digest;
  }

  async tags(repository: string): Promise<string[]> {
    const tags: string[] = [];
    for (let path: string | undefined = `/v2/${repository}/tags/list?n=1000`; path !== undefined;) {
      const page = await this.call('GET', path);
      if (page.statusCode === 404) return [];
      tags.push(...((JSON.parse(page.text) as { tags: string[] | null }).tags ?? []));
      path = /<([^>]+)>/.exec(String(page.headers['link'] ?? ''))?.[1];
    }
    return tags.toSorted();
  }

  async digest(repository: string, tag: string): Promise<string | undefined> {
    const answer = await this.call('HEAD', `/v2/${repository}/manifests/${tag}`, undefined, { accept: manifestType });
    return answer.statusCode === 404 ? undefined : String(answer.headers['docker-content-digest']);
  }

  async deleteManifest(repository: string, reference: string): Promise<void> {
    await this.expect(202, 'DELETE', `/v2/${repository}/manifests/${reference}`);
  }

  close(): Promise<void> {
    return this.agent.close();
  }

  private async expect(status: number, ...call: Parameters<RegistryClient['call']>) {
    const answer = await this.call(...call);
    if (answer.statusCode !== status)
      throw new Error(
        `the test registry answers ${call[0]} ${call[1]} with ${answer.statusCode}, not ${status}: ${answer.text.slice(0, 500)}`,
      );
    return answer;
  }
}
