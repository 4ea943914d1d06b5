/** What a test or a bench waits for is given so long, milliseconds, before it is said to hang. Nothing else depends on it: no test asserts by the clock. */
export const HANG_MS = 60_000;
