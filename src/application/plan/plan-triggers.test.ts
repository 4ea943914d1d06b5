import { expect, it } from 'vitest';
import { FakeAlarm } from '../../../test/support/fakes/fake-alarm.ts';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeCrontab } from '../../../test/support/fakes/fake-crontab.ts';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import type { Trigger } from '../../domain/trigger/trigger.ts';
import { buildRules } from '../../domain/rule/rule-catalogue.ts';
import { buildTagFilter } from '../../domain/tag/tag-filter.ts';
import { RefreshScheduler } from '../trigger/refresh-scheduler.ts';
import type { ImageToPlan, Plan } from './plan-images.ts';
import { tellOfTriggers } from './plan-triggers.ts';

const crontab = new FakeCrontab();

function given(triggers: readonly Trigger[]): {
  readonly image: ImageToPlan;
  readonly plan: Plan;
  readonly controller: RefreshScheduler;
} {
  const clock = new FakeClock();
  const images = new FakeImageStore();
  const image = images.put({ spec: { triggers } });
  const controller = new RefreshScheduler(images, crontab, new FakeAlarm(clock), clock);
  controller.start(() => {});
  const entry = {
    namespace: image.namespace,
    name: image.name,
    image: image.spec.image,
    currentTag: 'v1',
    rules: [],
    move: null,
  };
  return {
    image: { image, rules: buildRules(image.spec.rules), filter: buildTagFilter(undefined) },
    plan: { entry, why: 'so' },
    controller,
  };
}

it('tells of the triggers that the controller refuses, in its words, beside what is planned', () => {
  const { image, plan, controller } = given([
    { type: 'crontab', value: 'every 15 s' },
    { type: 'webhook' },
    { type: 'crontab', value: 'now and then' },
    { type: 'crontab' },
  ]);
  const [told] = tellOfTriggers([plan], [image], (text) => void crontab.parse(text));
  expect(told).toEqual({ ...plan, entry: { ...plan.entry, triggers: controller.problems('default/demos') } });
  expect(told!.entry.triggers!.map(({ field }) => field)).toEqual(['spec.triggers[2].value', 'spec.triggers[3].value']);
});

it('says nothing where all can be used, or are not built yet', () => {
  const { image, plan } = given([{ type: 'crontab', value: 'every 15 s' }, { type: 'webhook' }]);
  expect(tellOfTriggers([plan], [image], (text) => void crontab.parse(text))).toEqual([plan]);
});
