// What a set's thread is told and what it says: each request but the last has one answer, in the order asked.

import type { DatasetOptions, PictureBatch, PictureDataset } from "./dataset.js";
import type { ToldError } from "./told-error.js";

/** All of a set but its pictures, told once. */
export interface Facts extends Omit<PictureDataset, "nameOf" | "pictures" | "close"> {
  /** Of each picture. */
  readonly names: readonly string[];
}

/** Asked of the thread, and answered with `answer`. */
export interface Requests {
  readonly open: {
    readonly path: string;
    readonly options: Omit<DatasetOptions, "signal">;
    readonly answer: Facts;
  };
  readonly pictures: { readonly indices: readonly number[]; readonly answer: PictureBatch };
}

export type Request = { [K in keyof Requests]: RequestOf<K> }[keyof Requests];

export type RequestOf<K extends keyof Requests> = { readonly kind: K } & Omit<
  Requests[K],
  "answer"
>;

/** Ends the thread, before requests that wait are served; has no answer. */
export interface Close {
  readonly kind: "close";
}

export type Answer =
  | { readonly ok: true; readonly value: Facts | PictureBatch }
  | { readonly ok: false; readonly told: ToldError };

/** What the thread is started with. */
export interface ThreadData {
  /** One int32: pictures that are finished. It wakes who waits for it. */
  readonly finished: SharedArrayBuffer;
}
