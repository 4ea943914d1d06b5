import { Injectable } from '@nestjs/common';
import { type Workload, workloadId } from '../../domain/rollout/workload.ts';
import { WorkloadRoller } from '../ports/workload-roller.ts';

/**
 * The workloads as the watch brings them, or as a write or a read answered since: a watch that is behind a write of ours
 * must not make us do it twice, or take it for somebody else's.
 */
@Injectable()
export class SeenWorkloads {
  private readonly ahead = new Map<string, Workload>();
  /** Uids of those that are gone though the watch still shows them. */
  private readonly goneIds = new Set<string>();

  constructor(private readonly roller: WorkloadRoller) {
    roller.subscribe({
      changed: (workload) => {
        const ahead = this.ahead.get(keyOf(workload));
        if (ahead !== undefined && (ahead.uid !== workload.uid || workload.generation >= ahead.generation))
          this.ahead.delete(keyOf(workload));
      },
      deleted: (workload) => {
        this.goneIds.delete(workload.uid);
        if (this.ahead.get(keyOf(workload))?.uid === workload.uid) this.ahead.delete(keyOf(workload));
      },
    });
  }

  list(namespace: string): readonly Workload[] {
    const listed = this.roller.list(namespace);
    if (this.ahead.size === 0 && this.goneIds.size === 0) return listed;
    return listed
      .filter(({ uid }) => !this.goneIds.has(uid))
      .map((workload) => {
        const ahead = this.ahead.get(keyOf(workload));
        return ahead !== undefined && ahead.uid === workload.uid && ahead.generation > workload.generation
          ? ahead
          : workload;
      });
  }

  /** The API server answered with this. */
  put(workload: Workload): void {
    this.ahead.set(keyOf(workload), workload);
  }

  gone(workload: Workload): void {
    this.ahead.delete(keyOf(workload));
    if (this.roller.list(workload.namespace).some(({ uid }) => uid === workload.uid)) this.goneIds.add(workload.uid);
  }

  clear(): void {
    this.ahead.clear();
    this.goneIds.clear();
  }
}

function keyOf(workload: Workload): string {
  return `${workload.namespace}/${workloadId(workload)}`;
}
