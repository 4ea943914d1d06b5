/** One timer for the earliest thing that is due. Setting it anew moves it. */
export abstract class Alarm {
  /** Fires once at `at` (milliseconds since the epoch; at once when that is past), unless set anew or cleared before. */
  abstract set(at: number, fire: () => void): void;
  /** It does not fire; clearing what is not set does nothing. */
  abstract clear(): void;
}
