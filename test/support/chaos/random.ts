import { createHash } from 'node:crypto';

/** Numbers in [0, 1) that look random: the same seed, the same numbers. */
export function seeded(seed: number): () => number {
  let count = 0;
  return () => createHash('sha256').update(`${seed} ${++count}`).digest().readUInt32BE() / 2 ** 32;
}

/** The seed of this run: `$KIMUP_CHAOS_SEED`, else another one each time. */
export function seedOfRun(): number {
  const given = process.env['KIMUP_CHAOS_SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}
