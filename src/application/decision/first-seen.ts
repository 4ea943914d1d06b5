import type { FirstSeen } from '../../domain/image/image-status.ts';

/** How many digests are remembered at most, in the Image's status. */
const MOST_REMEMBERED = 100;

/**
 * When kimup first saw digests: the Image's status remembers it, so that a restart makes no tag younger. A digest counts
 * from when it was seen, under whatever tag; a tag pushed anew is young again.
 */
export class FirstSeenDigests {
  private readonly known: ReadonlyMap<string, FirstSeen>;
  private readonly now: number;
  private readonly seen = new Map<string, FirstSeen>();

  /**
   * @param known `status.firstSeen`
   * @param now milliseconds since the epoch
   */
  constructor(known: readonly FirstSeen[], now: number) {
    this.known = new Map(known.filter(({ time }) => !Number.isNaN(Date.parse(time))).map((one) => [one.digest, one]));
    this.now = now;
  }

  /** Milliseconds since the epoch; now, where it was not seen before. */
  of(tag: string, digest: string): number {
    const time = this.known.get(digest)?.time ?? new Date(this.now).toISOString();
    this.seen.set(tag, { tag, digest, time });
    return Date.parse(time);
  }

  /**
   * What is to be remembered: all that was asked for. Where that is too much the oldest stay, since they are old enough
   * first; the youngest begin anew.
   */
  remembered(): readonly FirstSeen[] {
    return [...this.seen.values()]
      .sort((a, b) => compare(a.time, b.time) || compare(a.tag, b.tag))
      .slice(0, MOST_REMEMBERED);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
