// Sets of pictures: folders, zips, idx and parquet files behind one interface.

export { RESIZE_FILTERS } from "./dataset.js";
export { relabelled } from "./relabelled.js";
export type { DatasetOptions, PictureBatch, PictureDataset, ResizeFilter } from "./dataset.js";
export { firstOf } from "./first.js";
export { lookAhead } from "./look-ahead.js";
export { openDataset } from "./open-dataset.js";
export { openDatasetInThread } from "./thread-dataset.js";
