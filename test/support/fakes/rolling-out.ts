import type { Clock } from '../../../src/application/ports/clock.ts';
import type { EventRecorder } from '../../../src/application/ports/event-recorder.ts';
import type { ImageStore } from '../../../src/application/ports/image-store.ts';
import type { Log } from '../../../src/application/ports/log.ts';
import type { NamespaceStore } from '../../../src/application/ports/namespace-store.ts';
import type { WorkloadRoller } from '../../../src/application/ports/workload-roller.ts';
import { Controllers } from '../../../src/application/controller/controllers.ts';
import { ImageIndex } from '../../../src/application/images/image-index.ts';
import { RuleCache } from '../../../src/application/images/rule-cache.ts';
import { PlanRollout } from '../../../src/application/rollout/plan-rollout.ts';
import { RollOutImage } from '../../../src/application/rollout/roll-out-image.ts';
import { RolloutController } from '../../../src/application/rollout/rollout-controller.ts';
import type { RolloutSettings } from '../../../src/application/rollout/rollout-settings.ts';
import { RunCommands } from '../../../src/application/rollout/run-commands.ts';
import { SeenWorkloads } from '../../../src/application/rollout/seen-workloads.ts';
import { FakeEventRecorder, FakeLog, FakeMetrics } from './recorders.ts';

/** What a test holds of an operator that rolls out; of the rest it gets a fake. */
export interface RollingOutParts {
  readonly images: ImageStore;
  readonly roller: WorkloadRoller;
  readonly namespaces: NamespaceStore;
  readonly clock: Clock;
  readonly settings: RolloutSettings;
  readonly events?: EventRecorder;
  readonly log?: Log;
}

/** The use case of an operator that has just started, and the controller that calls it, which is not started yet. */
export function rollingOut({
  images,
  roller,
  namespaces,
  clock,
  settings,
  events = new FakeEventRecorder(),
  log = new FakeLog(),
}: RollingOutParts): { readonly rollOut: RollOutImage; readonly controller: RolloutController } {
  const index = new ImageIndex(images, new RuleCache());
  const seen = new SeenWorkloads(roller);
  const plan = new PlanRollout(index, roller, seen, clock, settings);
  const commands = new RunCommands(roller, seen, events, log);
  const rollOut = new RollOutImage(images, roller, namespaces, seen, plan, commands, events, clock, log);
  const controllers = new Controllers(clock, log, new FakeMetrics());
  const controller = new RolloutController(controllers, images, index, roller, namespaces, rollOut, settings);
  return { rollOut, controller };
}
