import { BlockList, isIP } from 'node:net';

/** The surroundings of a process, of which the variables for proxies count. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An HTTP proxy that a variable names. */
export interface Proxy {
  /** The variable as it is spelt there. */
  readonly variable: string;
  /** `http://proxy.example:3128`; undefined where the variable holds no such URL, so that nothing can be asked by it. */
  readonly origin: string | undefined;
  /** What `Proxy-Authorization` is to hold, and what of it must never be shown. */
  readonly authorization?: string;
  readonly secrets: readonly string[];
}

/**
 * Which proxy leads to a server, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY or their lower-case forms, as Go's programs read them:
 * the kubelet and containerd, which pull the same images. HTTPS_PROXY is for registries over HTTPS, HTTP_PROXY for those over plain
 * HTTP. Only loopback addresses are no exception here: they are asked directly where NO_PROXY names them.
 */
export class ProxyEnvironment {
  private readonly proxies: Readonly<Record<string, Proxy | undefined>>;
  private readonly exceptions: readonly ((host: string, port: string) => boolean)[];

  constructor(env: Environment) {
    this.proxies = { 'https:': proxyOf(env, 'HTTPS_PROXY'), 'http:': proxyOf(env, 'HTTP_PROXY') };
    this.exceptions = (read(env, 'NO_PROXY')?.value ?? '')
      .split(/[\s,]+/)
      .filter((entry) => entry !== '')
      .map(exception);
  }

  /** Undefined where `url` is asked directly. */
  for(url: URL): Proxy | undefined {
    const proxy = this.proxies[url.protocol];
    if (proxy === undefined) return undefined;
    const port = url.port === '' ? ({ 'https:': '443', 'http:': '80' }[url.protocol] ?? '') : url.port;
    const host = bare(url.hostname);
    return this.exceptions.some((matches) => matches(host, port)) ? undefined : proxy;
  }
}

/** A variable that is empty is not set. */
function read(env: Environment, name: string): { readonly variable: string; readonly value: string } | undefined {
  for (const variable of [name, name.toLowerCase()]) {
    const value = env[variable]?.trim();
    if (value !== undefined && value !== '') return { variable, value };
  }
  return undefined;
}

/** `http://proxy:3128`, `https://user:password@proxy`, or `proxy:3128`, which is http. */
function proxyOf(env: Environment, name: string): Proxy | undefined {
  const found = read(env, name);
  if (found === undefined) return undefined;
  const { variable, value } = found;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return { variable, origin: undefined, secrets: [] };
  if (url.username === '' && url.password === '') return { variable, origin: url.origin, secrets: [] };
  const password = decoded(url.password);
  const basic = Buffer.from(`${decoded(url.username)}:${password}`, 'utf8').toString('base64');
  return { variable, origin: url.origin, authorization: `Basic ${basic}`, secrets: [password, url.password, basic] };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * One entry of NO_PROXY: `*`, an address, a range of addresses (`10.0.0.0/8`), a name with all below it, or with a dot before it
 * only what is below it; each but a range with a port or for all of them.
 */
function exception(entry: string): (host: string, port: string) => boolean {
  if (entry === '*') return () => true;
  const [, network = '', prefix = ''] = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/i.exec(entry) ?? [];
  const family = isIP(network);
  if (family !== 0 && Number(prefix) <= (family === 4 ? 32 : 128)) {
    const range = new BlockList();
    range.addSubnet(network, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
    return (host) => isWithin(range, host);
  }
  // An IPv6 address has colons of its own, and a port only behind brackets.
  const [, name = entry, port] = isIP(entry) === 6 ? [] : (/^(.+?):(\d+)$/.exec(entry) ?? []);
  const here = bare(name);
  const address = isIP(here);
  const suffix = here.startsWith('*.') ? here.slice(1) : here.startsWith('.') ? here : `.${here}`;
  const only = new BlockList();
  if (address !== 0) only.addAddress(here, address === 4 ? 'ipv4' : 'ipv6');
  return (host, asked) =>
    (port === undefined || port === asked) &&
    (address === 0 ? host === here || host.endsWith(suffix) : isWithin(only, host));
}

function isWithin(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Without the brackets of an IPv6 address, and the dot that ends a whole name. */
function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/(.)\.$/, '$1');
}
