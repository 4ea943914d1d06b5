import { get } from 'node:http';

/** GETs an address over a connection of its own. @throws Error when there is no answer, or none within `timeoutMs` */
export function httpGet(url: string, timeoutMs?: number): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) } as const;
    const request = get(url, options, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('error', reject)
        .on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request
      .on('timeout', () => request.destroy(new Error(`no answer from ${url} within ${timeoutMs} ms`)))
      .on('error', reject);
  });
}
