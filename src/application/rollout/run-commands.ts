import { Injectable } from '@nestjs/common';
import {
  formatImagesAnnotation,
  IMAGES_ANNOTATION,
  parseImagesAnnotation,
} from '../../domain/assignment/images-annotation.ts';
import { type Image, keyOf } from '../../domain/image/image.ts';
import { parsePinnedTag } from '../../domain/reference/pinned-tag.ts';
import type { Command } from '../../domain/rollout/rollout-context.ts';
import { type Workload, workloadId } from '../../domain/rollout/workload.ts';
import { mapConcurrent } from '../../support/map-concurrent.ts';
import { imageSubject } from '../images/image-subject.ts';
import { EventRecorder } from '../ports/event-recorder.ts';
import { WriteError } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { WorkloadRoller } from '../ports/workload-roller.ts';
import { REQUESTS_AT_ONCE } from './rollout-settings.ts';
import { SeenWorkloads } from './seen-workloads.ts';

/** What did not work out. */
export interface CommandFailures {
  /** What the API server said of the workloads that it refused to change, by {@link workloadId}. */
  readonly refused: ReadonlyMap<string, string>;
  /** Every error, in the order in which they came. */
  readonly errors: readonly unknown[];
}

/** Does what a rollout's plan says to workloads. */
@Injectable()
export class RunCommands {
  constructor(
    private readonly roller: WorkloadRoller,
    private readonly seen: SeenWorkloads,
    private readonly events: EventRecorder,
    private readonly log: Log,
  ) {}

  /** Touches the workloads. What one refuses does not hold up the others; one that is gone is no failure. */
  async run(image: Image, commands: readonly Command[]): Promise<CommandFailures> {
    const refused = new Map<string, string>();
    const errors: unknown[] = [];
    await mapConcurrent(commands, REQUESTS_AT_ONCE, async (command) => {
      try {
        await this.runOne(image, command);
      } catch (error) {
        if (error instanceof WriteError && error.consequence === 'gone') return this.seen.gone(command.workload);
        errors.push(error);
        if (!(error instanceof WriteError) || error.consequence !== 'refused') return;
        refused.set(workloadId(command.workload), error.message);
        this.tellRefused(image, command.workload, error.message);
      }
    });
    return { refused, errors };
  }

  private tellRefused(image: Image, { kind, name }: Workload, message: string): void {
    this.events.record(
      imageSubject(image),
      'Warning',
      'WorkloadRefused',
      `the API server rejected the change of ${kind} ${name}; kimup will retry: ${message}`,
    );
  }

  private async runOne(image: Image, command: Command): Promise<void> {
    const { workload } = command;
    const fields = { image: keyOf(image), kind: workload.kind, workload: workload.name };
    switch (command.type) {
      case 'set-pinned-tag':
        await this.setPinnedTag(image, workload, command.pinnedTag);
        this.log.info('set the annotation kimup.cloudavenue.io/images of a workload', {
          ...fields,
          pinnedTag: command.pinnedTag,
        });
        return;
      case 'delete-pod':
        await this.roller.deletePod(workload, command.pod);
        this.log.info('deleted a pod so that it is created again with the tag', {
          ...fields,
          pod: command.pod.name,
          trouble: command.pod.trouble,
        });
    }
  }

  private async setPinnedTag(image: Image, workload: Workload, text: string | undefined): Promise<void> {
    const pinnedTags = parseImagesAnnotation(workload.template.annotations[IMAGES_ANNOTATION]);
    const pinnedTag = text === undefined ? undefined : parsePinnedTag(text);
    if (pinnedTag === undefined) pinnedTags.delete(image.name);
    else pinnedTags.set(image.name, pinnedTag);
    this.seen.put(
      await this.roller.setImagesAnnotation(
        workload,
        pinnedTags.size === 0 ? undefined : formatImagesAnnotation(pinnedTags),
      ),
    );
  }
}
