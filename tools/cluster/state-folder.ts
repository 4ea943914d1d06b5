// The folder of each cluster: its files, its data, its logs.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abandoned, ownedName } from './owned-names.ts';

const PREFIX = 'kimup-cluster-';

/** Makes one whose name has `name` in it, for people, and removes those of runs that were killed. */
export function createStateFolder(name: string): string {
  for (const left of abandoned(readdirSync(tmpdir()), PREFIX))
    rmSync(join(tmpdir(), left), { recursive: true, force: true });
  return mkdtempSync(join(tmpdir(), `${ownedName(PREFIX)}${name}-`));
}
