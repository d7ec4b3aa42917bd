// A set of pictures by number: what training and the distribution metrics read, whatever file it lies in.

/** Pictures in memory, of one size. */
export interface PictureBatch {
  /** Bytes [n, S, S, C], rows from the top. */
  readonly pixels: Uint8Array;
  /** The class of each picture, below `classes.length`; absent when the set has no classes. */
  readonly labels?: Int32Array;
}

/** An opened set. Reading is asynchronous and depends on the indices alone, so batches can be asked for ahead. */
export interface PictureDataset {
  /** Pictures. */
  readonly count: number;
  /** Names of the classes, in the order of the labels; absent when the set has none. */
  readonly classes?: readonly string[];
  /** Side of every picture in pixels. */
  readonly size: number;
  readonly channels: 1 | 3;
  /** SHA-256, in hex, over the pictures' names and content and over how they are brought to size. */
  readonly digest: string;
  /** How pictures are brought to size, in words: `lanczos3, centre crop` or `as they are`. */
  readonly resizing: string;
  /** The file (and the entry in it) of a picture, for messages. */
  nameOf(index: number): string;
  /**
   * Pictures by their indices, in that order; an index may come twice.
   *
   * Throws FollowspotError, naming the picture, when one is damaged or of another size than the first
   * where no size was asked for; RangeError for an index that the set lacks.
   */
  pictures(indices: readonly number[]): Promise<PictureBatch>;
  close(): Promise<void>;
}

/** How `openDataset` reads a set. */
export interface DatasetOptions {
  /** Side in pixels; the pictures' own when absent, which must then be square and the same for all. */
  readonly size?: number;
  /** 1 for grey, 3 for colour; the file's own kind when absent (idx: 1, all others: 3). */
  readonly channels?: 1 | 3;
  /**
   * How a picture gets another size: `cover` scales it and crops the centre, `pad` sets it in the middle
   * of black unscaled. When absent: `pad` for idx files, as is the custom for MNIST, else `cover`.
   */
  readonly fit?: "cover" | "pad";
  /** sharp's kernel for `cover`; lanczos3 when absent. */
  readonly filter?: ResizeFilter;
  /** Which part, where a folder of idx or parquet files holds several; `train` when absent. */
  readonly split?: "train" | "test";
  /** Most bytes of decoded pictures that are kept in memory; 512 MiB when absent. */
  readonly cacheBytes?: number;
  /** Stops reading the list of files. */
  readonly signal?: AbortSignal;
}

export const RESIZE_FILTERS = ["nearest", "linear", "cubic", "mitchell", "lanczos3"] as const;
/** Filters that bring pictures to another size, by sharp's names. */
export type ResizeFilter = (typeof RESIZE_FILTERS)[number];
