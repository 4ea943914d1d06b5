import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventRecorder, EventSubject } from '../../src/application/ports/event-recorder.ts';

/** An event as whoever asks for events sees it. */
export interface SeenEvent {
  readonly subject: EventSubject;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** An EventRecorder, and what came of it. */
export interface EventRecorderUnderTest {
  readonly recorder: EventRecorder;
  /** A namespace without events. */
  readonly namespace: string;
  /** All events of the namespace once all is written that was recorded, in any order. */
  seen(): Promise<readonly SeenEvent[]>;
  /** From now on what the events are written to refuses them all. */
  refuse(): void;
  stop(): Promise<void>;
}

function textOf({ subject, type, reason, message }: SeenEvent): string {
  return `${subject.name} ${type} ${reason}: ${message}`;
}

/** What every {@link EventRecorder} does. */
export function eventRecorderContract(name: string, start: () => Promise<EventRecorderUnderTest>): void {
  describe(`${name}, an EventRecorder`, () => {
    let under: EventRecorderUnderTest;
    beforeEach(async () => void (under = await start()));
    afterEach(() => under.stop());

    const subject = (imageName = 'demos'): EventSubject => ({
      apiVersion: 'kimup.cloudavenue.io/v1alpha1',
      kind: 'Image',
      namespace: under.namespace,
      name: imageName,
      uid: `uid-${imageName}`,
    });
    const seen = async (): Promise<readonly SeenEvent[]> =>
      [...(await under.seen())].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));

    it('tells what happened to which object', async () => {
      under.recorder.record(subject(), 'Warning', 'RegistryError', 'the registry is down: start it');
      under.recorder.record(subject('other'), 'Normal', 'Moved', 'to v1.10.2');
      expect(await seen()).toEqual([
        {
          subject: subject(),
          type: 'Warning',
          reason: 'RegistryError',
          message: 'the registry is down: start it',
        },
        { subject: subject('other'), type: 'Normal', reason: 'Moved', message: 'to v1.10.2' },
      ]);
    });

    it('tells events apart by object, type, reason and message', async () => {
      for (const one of ['demos', 'other']) {
        under.recorder.record(subject(one), 'Normal', 'Moved', 'to v2');
        under.recorder.record(subject(one), 'Normal', 'Moved', 'to v3');
        under.recorder.record(subject(one), 'Normal', 'RolledOut', 'to v2');
        under.recorder.record(subject(one), 'Warning', 'Moved', 'to v2');
      }
      expect((await seen()).map(textOf)).toEqual([
        'demos Normal Moved: to v2',
        'demos Normal Moved: to v3',
        'demos Normal RolledOut: to v2',
        'demos Warning Moved: to v2',
        'other Normal Moved: to v2',
        'other Normal Moved: to v3',
        'other Normal RolledOut: to v2',
        'other Warning Moved: to v2',
      ]);
    });

    it.each([1_025, 3_000, 100_000])('keeps the beginning of a message of %d characters', async (length) => {
      const message = 'the registry is down. '.repeat(5_000).slice(0, length);
      under.recorder.record(subject(), 'Warning', 'RegistryError', message);
      const [event] = await seen();
      expect(event!.message.length).toBeLessThanOrEqual(1_024);
      expect(event!.message.slice(0, 1_000)).toBe(message.slice(0, 1_000));
    });

    it('keeps a message of 1,024 characters whole', async () => {
      const message = 'x'.repeat(1_024);
      under.recorder.record(subject(), 'Normal', 'Moved', message);
      expect((await seen()).map((event) => event.message)).toEqual([message]);
    });

    it('never fails and never waits, though nobody takes the events', async () => {
      under.refuse();
      for (let i = 0; i < 20; i++)
        expect(under.recorder.record(subject(), 'Normal', 'Moved', `to v${i}`)).toBeUndefined();
    });
  });
}
