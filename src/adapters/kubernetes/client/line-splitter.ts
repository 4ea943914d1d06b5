/** The longest line that is taken: an object is at most 3 MB (etcd's request limit), its JSON some more. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The lines of a stream of bytes, without their newline; empty ones are left out.
 * @throws Error when the stream ends inside a line, or a line is longer than 32 MiB
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      const rest = chunk.subarray(from, to);
      from = to + 1;
      // A character may lie across two chunks: bytes are joined before they become text.
      const line = begun.length === 0 ? rest.toString('utf8') : Buffer.concat([...begun, rest]).toString('utf8');
      begun = [];
      begunBytes = 0;
      if (line !== '') yield line;
    }
    if (from < chunk.length) {
      begun.push(from === 0 ? chunk : chunk.subarray(from));
      begunBytes += chunk.length - from;
      if (begunBytes > MAX_LINE_BYTES) throw new Error(`a line of more than ${MAX_LINE_BYTES} bytes`);
    }
  }
  if (begunBytes > 0) throw new Error('the stream ended inside a line');
}
