// Batches decoded beside the training: those of the next steps are under way while one is used.

import type { PictureBatch, PictureDataset } from "./dataset.js";

/**
 * The batch of step `k` by its number, with the batches of the `ahead` next steps begun beside it.
 *
 * `order` gives the indices of a step; where it depends on the step alone (as a seeded shuffle does), so
 * do the batches, and a resumed run reads what an unbroken one would have read. A batch is asked for
 * once, steps rise by 1, and any step may be the first.
 */
export function lookAhead(
  data: PictureDataset,
  order: (k: number) => readonly number[],
  ahead = 2,
): (k: number) => Promise<PictureBatch> {
  const begun = new Map<number, Promise<PictureBatch>>();
  const begin = (k: number): Promise<PictureBatch> => {
    const known = begun.get(k);
    if (known) return known;
    const batch = data.pictures(order(k));
    // Whoever asks for the step is told; until then a failure is nobody's.
    batch.catch(() => undefined);
    begun.set(k, batch);
    return batch;
  };
  return (k) => {
    for (const old of begun.keys()) if (old < k || old > k + ahead) begun.delete(old);
    const batch = begin(k);
    for (let next = k + 1; next <= k + ahead; next++) void begin(next);
    begun.delete(k);
    return batch;
  };
}
