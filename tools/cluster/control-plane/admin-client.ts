import { Agent, request as httpsRequest } from 'node:https';
import type { Authority } from '../certificates.ts';

const USER_AGENT = 'kimup-test-harness';

/** Asks the API server as the admin, for the cluster itself: whether it is there, and what nodes it has. */
export class AdminClient {
  private readonly url: string;
  private readonly agent: Agent;

  private constructor(url: string, agent: Agent) {
    this.url = url;
    this.agent = agent;
  }

  /** A client with a certificate of its own. */
  static async create(url: string, authority: Authority): Promise<AdminClient> {
    const { cert, key } = await authority.issue({ commonName: USER_AGENT, organization: 'system:masters' });
    return new AdminClient(url, new Agent({ keepAlive: true, ca: authority.cert, cert, key }));
  }

  /** GETs a path and returns the answer's status. */
  async status(path: string): Promise<number> {
    return (await this.get(path)).status;
  }

  /** GETs a path and returns what its body is as JSON. */
  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.get(path)).body) as T;
  }

  close(): void {
    this.agent.destroy();
  }

  private get(path: string): Promise<{ readonly status: number; readonly body: string }> {
    const url = this.url + path;
    const options = { agent: this.agent, timeout: 15_000, headers: { 'user-agent': USER_AGENT } };
    return new Promise((resolve, reject) => {
      const request = httpsRequest(url, options, (response) => {
        let body = '';
        response
          .setEncoding('utf8')
          .on('data', (text: string) => (body += text))
          .on('error', reject)
          .on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      request
        .on('timeout', () => request.destroy(new Error(`no answer from ${url}`)))
        .on('error', reject)
        .end();
    });
  }
}
