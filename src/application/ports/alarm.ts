/** One timer for the earliest thing that is due. Setting it anew moves it. */
export abstract class Alarm {
  /** Rings once at `at` (milliseconds since the epoch; at once when that is past), unless set anew or cleared before. */
  abstract set(at: number, ring: () => void): void;
  /** It does not ring; clearing what is not set does nothing. */
  abstract clear(): void;
}
