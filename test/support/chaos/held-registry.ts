import type { RegistryServer } from '../registry-server.ts';
import { BASE, NEXT } from './app.ts';

export interface HeldList {
  /** Lets the first list go. */
  answer(): void;
  /** Whether a list was asked for. */
  asked(): boolean;
  /** How many digests were asked for. */
  digests(): number;
}

/** Lets `registry` have the repository `name`. It keeps back its first list until `answer`, and that one is out of date by then. */
export function holdFirstList(registry: RegistryServer, name: string): HeldList {
  const first = Promise.withResolvers<void>();
  let asked = false;
  let digests = 0;
  registry.answer = async ({ path }) => {
    if (!path.includes('/tags/list')) {
      digests += 1;
      return {
        headers: {
          'docker-content-digest': digestOf(path.slice(path.lastIndexOf('/') + 1)),
          'content-type': 'application/vnd.oci.image.manifest.v1+json',
        },
      };
    }
    const isFirst = !asked;
    asked = true;
    if (isFirst) await first.promise;
    return { body: { name, tags: isFirst ? [BASE, 'v1.0.1'] : [BASE, NEXT] } };
  };
  return { answer: first.resolve, asked: () => asked, digests: () => digests };
}

/** Some digest of a tag: the one that it has in such a repository. */
export function digestOf(tag: string): string {
  return `sha256:${Buffer.from(tag).toString('hex').padStart(64, '0')}`;
}
