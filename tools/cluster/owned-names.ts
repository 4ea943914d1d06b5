// Names that say which process made something, so that a later one can clear away what a killed one left.
import { isAlive, self } from '../../scripts/cache.mjs';

/** `prefix`, then this process's number and when it started. */
export function ownedName(prefix: string): string {
  return `${prefix}${self().replace(' ', '-')}-`;
}

/** Those of the names that {@link ownedName} made with `prefix`, of processes that run no more. */
export function abandoned(names: readonly string[], prefix: string): string[] {
  return names.filter((name) => {
    const owner = name.startsWith(prefix) ? /^(\d+)-(\d*)-/.exec(name.slice(prefix.length)) : null;
    return owner !== null && !isAlive(`${owner[1]} ${owner[2]}`);
  });
}
