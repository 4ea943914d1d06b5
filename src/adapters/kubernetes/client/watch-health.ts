import type { Clock } from '../../../application/ports/clock.ts';

/** After so many silent watches in a row all is listed anew: an API server that was restored from a backup has nothing to tell after a point in time that it has not reached. */
const SILENT_WATCHES = 4;

/** Whether the API server's changes come through, and since when they do not. */
export class WatchHealth {
  /** Since when they do not; `undefined` while they do. */
  private downSince: number | undefined;
  /** Since when they might not have, for a watch that said nothing for too long. */
  private suspectSince: number | undefined;
  private failuresInARow = 0;
  private silences = 0;

  /** @param back told when changes come through again after failures, with how long they did not, seconds; not where that is less than half of one */
  constructor(
    private readonly clock: Clock,
    private readonly back: (downSeconds: number) => void,
  ) {}

  /** Nothing comes through until the first watch works. */
  begin(): void {
    this.downSince = this.clock.now();
  }

  /** For how long changes have not come through, milliseconds; 0 while they do, and before the beginning. */
  staleForMs(): number {
    return this.downSince === undefined ? 0 : Math.max(0, this.clock.now() - this.downSince);
  }

  /** How often it failed since it worked last. */
  failures(): number {
    return this.failuresInARow;
  }

  /** A list or a watch failed. */
  failed(): void {
    this.downSince ??= this.suspectSince ?? this.clock.now();
    this.failuresInARow++;
  }

  /** A watch said nothing for too long, and was last heard at `since`. Not a failure yet: an API server may have nothing to say. */
  silent(since: number): void {
    this.suspectSince ??= since;
    this.silences++;
  }

  /** Whether so many watches in a row were silent that all has to be listed anew. Begins to count anew then. */
  tooSilent(): boolean {
    if (this.silences < SILENT_WATCHES) return false;
    this.silences = 0;
    return true;
  }

  /** A watch brought an event. */
  heard(): void {
    this.silences = 0;
    this.worked();
  }

  /** A watch came to a good end, or is at work. */
  worked(): void {
    this.open();
    this.failuresInARow = 0;
  }

  /** A watch stays open. */
  open(): void {
    this.suspectSince = undefined;
    if (this.downSince === undefined) return;
    const downSeconds = Math.round(this.staleForMs() / 1_000);
    this.downSince = undefined;
    if (downSeconds > 0 && this.failuresInARow > 0) this.back(downSeconds);
  }
}
