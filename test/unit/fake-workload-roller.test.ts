import { workloadRollerContract } from '../contracts/workload-roller.contract.ts';
import { FakeWorkloadRoller } from '../support/fakes/fake-workload-roller.ts';

workloadRollerContract('FakeWorkloadRoller', async () => {
  const roller = new FakeWorkloadRoller();
  let made = 0;
  return {
    roller,
    namespace: 'default',
    create: async (kind, name, annotations = {}) => void roller.put({ kind, name, annotations, uid: `uid-${++made}` }),
    override: async (kind, name, text, manager) => roller.override(kind, name, text, manager),
    touch: async (kind, name) => {
      const { template, ...live } = roller.live(kind, name);
      roller.put({ ...live, annotations: template.annotations, generation: live.generation + 1 });
    },
    remove: async (kind, name) => roller.remove(kind, name),
    stop: async () => undefined,
  };
});
