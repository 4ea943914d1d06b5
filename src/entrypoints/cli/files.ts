import { readFile } from 'node:fs/promises';
import { InputError } from '../../application/plan/input-error.ts';
import type { Surroundings } from './command.ts';

/**
 * The text of a file that a flag names; `-` is stdin.
 * @throws InputError where it can't be read
 */
export async function readInput(file: string, surroundings: Surroundings): Promise<string> {
  if (file === '-') return surroundings.readStdin();
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw InputError.at(
      { file },
      `can't be read: ${{ ENOENT: 'there is no such file', EISDIR: 'it is a directory', EACCES: 'permission denied' }[code] ?? code}`,
    );
  }
}

/** The file as messages name it. */
export function shown(file: string): string {
  return file === '-' ? 'stdin' : file;
}
