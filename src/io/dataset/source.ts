// Where a set's pictures lie: each kind of file is a source, and everything above reads sources alone.

import type { Picture } from "../image.js";

/** One grey byte per pixel, rows from the top. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/** A picture as its file holds it: the content of an image file, or bare bytes. */
export type StoredPicture = Uint8Array | Picture | GreyPicture;

/** A file or folder of pictures, its list read and checked, its pictures read when asked for. */
export interface PictureSource {
  /** The path as given. */
  readonly path: string;
  readonly count: number;
  readonly classes?: readonly string[] | undefined;
  /** The class of each picture. */
  readonly labels?: Int32Array | undefined;
  /** What the pictures are by nature. */
  readonly channels: 1 | 3;
  /** How they get another size unless somebody says otherwise. */
  readonly fit: "cover" | "pad";
  /** SHA-256 in hex over names and content. */
  readonly digest: string;
  nameOf(index: number): string;
  read(index: number): Promise<StoredPicture>;
  close(): Promise<void>;
}
