// Many small asynchronous pieces of work, a few at a time.

/** Enough to keep the system's threads busy, few enough to keep memory small. */
const AT_ONCE = 8;

/** `work` of each item, in the items' order, at most eight at once. Rejects as the first that fails. */
export async function inTurns<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index]!, index);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
