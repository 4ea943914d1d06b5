// npm run cluster -- [--nodes real|kwok|auto] [--keep]: a cluster to play with, until Ctrl-C.
import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: 'auto' }, keep: { type: 'boolean', default: false } },
});
const { nodes, keep } = values;
if (nodes !== 'real' && nodes !== 'kwok' && nodes !== 'auto') {
  console.error(`--nodes ${nodes}: must be real, kwok or auto (real if possible, otherwise kwok)`);
  process.exit(2);
}

let cluster: Awaited<ReturnType<typeof startCluster>> | undefined;
let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  console.error('stopping');
  await cluster?.stop();
  process.exit(0);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());

try {
  cluster = await startCluster({ nodes, keep, name: 'play', progress: (line) => console.error(line) });
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
console.log(`export KUBECONFIG=${cluster.kubeconfig}`);
console.log(`# kubectl:  ${cluster.parts.kubectl}`);
console.log(`# registry: ${cluster.registry.host} in image references, ${cluster.registry.url} from here`);
console.log(`# logs:     ${cluster.dir}/logs`);
console.error('Ctrl-C stops it.');
