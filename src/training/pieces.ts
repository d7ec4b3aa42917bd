// The packed vectors in pieces: the optimiser's many passes over one piece then stay in a core's cache.

import { sizeOf } from "../core/shape.js";
import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";

/** Elements of a piece, 1 MiB of float32. */
const PIECE_ELEMENTS = 2 ** 18;

/** A piece of a vector: from `start` to `end`, exclusive. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** The pieces of a vector of `size` elements, in order. */
export function piecesOf(size: number): Piece[] {
  return Array.from({ length: Math.ceil(size / PIECE_ELEMENTS) }, (_, i) => ({
    start: i * PIECE_ELEMENTS,
    end: Math.min(size, (i + 1) * PIECE_ELEMENTS),
  }));
}

/** The name of piece `index` of a vector. */
export function pieceName(vector: string, index: number): string {
  return `${vector}.${index}`;
}

/** A vector's pieces by name. They share its memory: what is written to them is written to it. */
export function cutVector(
  name: string,
  vector: HostTensor<"float32">,
): Record<string, HostTensor<"float32">> {
  return Object.fromEntries(
    piecesOf(sizeOf(vector.shape)).map(({ start, end }, i) => [
      pieceName(name, i),
      floats([end - start], vector.data.subarray(start, end)),
    ]),
  );
}
