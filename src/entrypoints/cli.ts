import { plan } from './plan/plan.ts';
import { text } from './plan/text.ts';
import { VERSION } from './version.ts';

const HELP = `kimup keeps the images of Kubernetes workloads up to date.

usage: kimup plan -f FILE [flags]    what kimup would do to Images, and why; kimup plan --help tells more
       kimup version
`;

/** Stdout's reader may go before the end: `kimup plan … | head`. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const [command, ...rest] = process.argv.slice(2);
process.exitCode = await run(command, rest);

async function run(name: string | undefined, argv: readonly string[]): Promise<number> {
  switch (name) {
    case 'plan': {
      const { stdout, stderr, status } = await plan(argv, {
        env: process.env,
        isTerminal: process.stdout.isTTY,
        now: Date.now(),
        readStdin: async () => {
          const chunks: Buffer[] = [];
          for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
          return Buffer.concat(chunks).toString('utf8');
        },
      });
      if (stderr !== '') process.stderr.write(stderr);
      if (stdout !== '') process.stdout.write(stdout);
      return status;
    }
    case 'version':
    case '--version':
      process.stdout.write(`${VERSION}\n`);
      return 0;
    case 'help':
    case '-h':
    case '--help':
      process.stdout.write(HELP);
      return 0;
    default:
      process.stderr.write(
        name === undefined ? HELP : `kimup: there is no command ${text(JSON.stringify(name))}\n\n${HELP}`,
      );
      return 2;
  }
}
