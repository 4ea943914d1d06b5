/** Calls `work` for each of `items`, at most `atOnce` at the same time, and resolves when all have ended; the first error is thrown then. */
export async function mapConcurrent<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const errors: unknown[] = [];
  const turns = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of left) {
      try {
        await work(item);
      } catch (error) {
        errors.push(error);
      }
    }
  });
  await Promise.all(turns);
  if (errors.length > 0) throw errors[0];
}
