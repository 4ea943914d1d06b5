import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from './line-splitter.ts';

async function split(chunks: readonly Buffer[]): Promise<string[]> {
  async function* stream(): AsyncGenerator<Buffer> {
    yield* chunks;
  }
  const lines: string[] = [];
  for await (const line of linesOf(stream())) lines.push(line);
  return lines;
}

describe('linesOf', () => {
  it('finds the same lines wherever the stream is cut into chunks, also inside a character', async () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((text) => text.replaceAll('\n', ' '));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 10 }),
        fc.array(fc.nat(200), { maxLength: 10 }),
        async (lines, cuts) => {
          const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
          const places = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
            (a, b) => a - b,
          );
          const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
          expect(await split(chunks)).toEqual(lines);
        },
      ),
    );
  });

  it('leaves empty lines out', async () => {
    expect(await split([Buffer.from('\na\n\n\nb\n')])).toEqual(['a', 'b']);
  });

  it('fails when the stream ends inside a line: half an event is none', async () => {
    await expect(split([Buffer.from('a\n{"type":"MOD')])).rejects.toThrow(/inside a line/);
  });

  it('fails on a line without end instead of keeping it all', async () => {
    const chunk = Buffer.alloc(4 * 1024 * 1024, 'x');
    await expect(split(Array.from({ length: 9 }, () => chunk))).rejects.toThrow(/more than/);
  });
});
