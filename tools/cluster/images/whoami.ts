// The image of the small web server that tests and the demo update.
import type { ImageSpec } from './image.ts';

/** The port that whoami listens on. */
export const whoamiPort = 8080;

/** An image of whoami (its program is the cluster's part `whoami`) that answers GET / with `version`. Versions share one layer. */
export function whoamiImage(program: string, version: string): ImageSpec {
  return {
    files: [{ path: '/whoami', mode: 0o755, content: program }],
    config: {
      entrypoint: ['/whoami'],
      env: { VERSION: version },
      user: '65532:65532',
      exposedPorts: [`${whoamiPort}/tcp`],
    },
  };
}
