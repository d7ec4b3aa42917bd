// The beginning of a data set.

import type { PictureDataset } from "./dataset.js";

/** A set's first pictures, as many as are asked for or as there are. Closing it closes the set. */
export function firstOf(data: PictureDataset, count: number): PictureDataset {
  const { size, channels, digest, resizing, classes } = data;
  return {
    ...{ count: Math.min(count, data.count), size, channels, digest, resizing },
    ...(classes ? { classes } : {}),
    nameOf: (index) => data.nameOf(index),
    pictures: (indices) => data.pictures(indices),
    close: () => data.close(),
  };
}
