import { kimup } from './kimup.ts';
import { lines } from './text.ts';

/** Stdout's reader may go before the end: `kimup plan … | head`. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

try {
  const { stdout, stderr, status } = await kimup(process.argv.slice(2), {
    env: process.env,
    isTerminal: process.stdout.isTTY,
    now: Date.now(),
    async readStdin() {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
  });
  if (stderr !== '') process.stderr.write(stderr);
  if (stdout !== '') process.stdout.write(stdout);
  process.exitCode = status;
} catch (error) {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `kimup failed unexpectedly; this is a bug, please report it with the command line:\n${lines(what)}\n`,
  );
  process.exitCode = 1;
}
