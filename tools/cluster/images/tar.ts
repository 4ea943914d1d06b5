// Tar archives (POSIX ustar).
import { readFileSync } from 'node:fs';

/** One regular file of an archive. */
export interface TarFile {
  /** Where it is in the archive, e.g. `/app/main.js`. */
  readonly path: string;
  /** Permission bits; 0o644 if not given. */
  readonly mode?: number;
  /** Its bytes, or the path of a file of this machine that holds them. */
  readonly content: Buffer | string;
}

/** A tar archive (POSIX ustar) of regular files and the folders above them, owned by root, dated 1970. */
export function tar(files: readonly TarFile[]): Buffer {
  const folders = new Set<string>();
  for (const { path } of files) {
    const parts = relative(path).split('/').slice(0, -1);
    parts.forEach((_, depth) => folders.add(`${parts.slice(0, depth + 1).join('/')}/`));
  }
  const chunks: Buffer[] = [...folders].toSorted().map((path) => header(path, 0o755, 0, '5'));
  for (const { path, mode = 0o644, content } of files) {
    const bytes = typeof content === 'string' ? readFileSync(content) : content;
    chunks.push(
      header(relative(path), mode, bytes.length, '0'),
      bytes,
      Buffer.alloc((512 - (bytes.length % 512)) % 512),
    );
  }
  return Buffer.concat([...chunks, Buffer.alloc(1024)]);
}

function relative(path: string): string {
  return path.replace(/^\/+/, '');
}

function header(path: string, mode: number, size: number, type: string): Buffer {
  const block = Buffer.alloc(512);
  const split = path.length <= 100 ? 0 : path.indexOf('/', path.length - 101);
  if (split < 0 || split > 155) throw new Error(`the path ${path} is too long for a tar archive`);
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0');
  block.write(split === 0 ? path : path.slice(split + 1), 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  if (split > 0) block.write(path.slice(0, split), 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}
