// A data set whose classes stand in another order.

import type { PictureDataset } from "./dataset.js";

/**
 * The same pictures with labels of another list of classes. Closing it closes the set.
 *
 * @param classes - names, in the order of the new labels
 * @param places - where each of the set's classes stands among them
 */
export function relabelled(
  data: PictureDataset,
  classes: readonly string[],
  places: readonly number[],
): PictureDataset {
  const { count, size, channels, digest, resizing } = data;
  return {
    ...{ count, size, channels, digest, resizing, classes },
    nameOf: (index) => data.nameOf(index),
    pictures: async (indices) => {
      const { pixels, labels } = await data.pictures(indices);
      return { pixels, ...(labels ? { labels: labels.map((label) => places[label]!) } : {}) };
    },
    close: () => data.close(),
  };
}
