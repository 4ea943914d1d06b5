// What scripts/run.mjs and test/ share before anything is installed: the cache folder and a lock. Runs on Node 20.
import { mkdirSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder for what outlives a run: `$KIMUP_CACHE`, else `$XDG_CACHE_HOME/kimup`, else `~/.cache/kimup`. */
export function cacheFolder(env = process.env) {
  return (
    env.KIMUP_CACHE || (env.XDG_CACHE_HOME ? join(env.XDG_CACHE_HOME, 'kimup') : join(homedir(), '.cache', 'kimup'))
  );
}

/** When a process started, in ticks since boot, so that a pid used again is not taken for its former owner; '' off Linux. */
function startTime(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ')[19];
  } catch {
    return '';
  }
}

/** Whether the process that wrote `owner` ("pid starttime") still runs. */
export function isAlive(owner) {
  const [pid, started] = owner.trim().split(' ');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  return !started || startTime(pid) === started;
}

/** This process as an owner that isAlive understands. */
export const self = () => `${process.pid} ${startTime(process.pid)}`;

/**
 * Runs `work` while holding the lock file: one process at a time. A lock whose owner has died is taken over.
 * `onWait(pid)` is called once when another process holds it.
 */
export async function withLock(file, work, onWait = () => {}) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(mine, self());
  try {
    for (let waited = false; ;) {
      try {
        linkSync(mine, file);
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const owner = read(file);
      if (owner !== undefined && !isAlive(owner)) {
        takeAway(file, owner, mine);
        continue;
      }
      if (owner !== undefined && !waited) onWait(Number(owner.split(' ')[0]));
      waited = true;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes a dead owner's lock. Two that see it dead at once: the rename shows which one got it, or a newer lock by mistake, which goes back. */
function takeAway(file, deadOwner, mine) {
  const aside = `${mine}.stale`;
  try {
    renameSync(file, aside);
    if (read(aside) !== deadOwner) linkSync(aside, file);
  } catch {
    // somebody else was faster
  }
  rmSync(aside, { force: true });
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
