import { Injectable } from '@nestjs/common';

/** Says something where there is something to say. */
type Says = () => string | undefined;

/** Whether this replica can do its work. Whoever knows what keeps it from that says so here; the probe `/readyz` shows it. */
@Injectable()
export class Readiness {
  private readonly problems: Says[] = [];
  private readonly remarks: Says[] = [];
  private ending = false;

  /** @param problem what keeps this replica from being ready now; `undefined` when nothing does */
  needs(problem: Says): void {
    this.problems.push(problem);
  }

  /** @param remark what is worth saying of a replica that is ready, as in `the cache is out of date: images for 75 s` */
  mentions(remark: Says): void {
    this.remarks.push(remark);
  }

  /** From now on it is not ready: nobody is to be sent here any more. */
  end(): void {
    this.ending = true;
  }

  /** The first of what keeps it from being ready; `undefined` when it is. */
  problem(): string | undefined {
    if (this.ending) return 'it is shutting down';
    for (const says of this.problems) {
      const problem = says();
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** All that there is to remark. */
  remarked(): readonly string[] {
    return this.remarks.map((says) => says()).filter((remark) => remark !== undefined);
  }
}
