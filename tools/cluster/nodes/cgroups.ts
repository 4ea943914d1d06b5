// A control group of its own for each node, in every hierarchy (cgroup v1) or in the one (v2).
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { abandoned, ownedName } from '../owned-names.ts';

const mountPoint = '/sys/fs/cgroup';
const prefix = 'kimup-';

/** Makes the groups and returns their path below each hierarchy, e.g. `/kimup-123-4567`. Sweeps up those of runs that were killed. */
export function createCgroup(): string {
  removeAbandoned();
  const name = `${ownedName(prefix)}${process.hrtime.bigint().toString(36)}`;
  if (isUnified()) {
    for (const controller of readFileSync(join(mountPoint, 'cgroup.controllers'), 'utf8').trim().split(' ')) {
      try {
        writeFileSync(join(mountPoint, 'cgroup.subtree_control'), `+${controller}`);
      } catch {
        // not all can be handed down everywhere; the kubelet names the one that it misses
      }
    }
  }
  for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, name), { recursive: true });
  return `/${name}`;
}

/** Removes the groups and those below; they must hold no process any more. */
export function removeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, path));
}

function isUnified(): boolean {
  return existsSync(join(mountPoint, 'cgroup.controllers'));
}

/** The folders at which a hierarchy of control groups is mounted. */
function hierarchies(): string[] {
  if (isUnified()) return [mountPoint];
  return readdirSync(mountPoint, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(mountPoint, entry.name))
    .filter((folder) => existsSync(join(folder, 'cgroup.procs')));
}

function removeAbandoned(): void {
  for (const hierarchy of hierarchies())
    for (const name of abandoned(readdirSync(hierarchy), prefix)) removeTree(join(hierarchy, name));
}

/** A group's files go with it; only groups below it must go first. One that still holds a process stays, for the next sweep. */
function removeTree(folder: string): void {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  try {
    rmdirSync(folder);
  } catch {
    // busy
  }
}
