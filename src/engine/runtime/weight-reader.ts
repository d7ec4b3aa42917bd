// Reads weights from their files piece by piece, in single precision and in the order of axes that a graph wants.

import { float16ToFloat32 } from "../../core/float16.js";
import { sizeOf, stridesOf } from "../../core/shape.js";
import type { ByteSource } from "../../io/byte-source.js";
import { fileBytes } from "../../io/file-bytes.js";
import type { StoredTensor } from "../lower/stored-weights.js";
import { discard } from "./discard.js";

/** Elements read at a time. */
const PIECE = 2 ** 21;
/** Rows turned at a time: their values of one column fill a line of the cache. */
const ROWS = 16;

/** For each element after the file's first axis, where its row begins in the turned tensor. */
function turnedRows({ shape, permutation }: StoredTensor): Uint32Array {
  const [rows, ...rest] = shape as [number, ...number[]];
  if (!permutation) return new Uint32Array();
  const turned = stridesOf(permutation.map((axis) => shape[axis]!));
  const strides = rest.map((_, axis) => turned[permutation.indexOf(axis + 1)]!);
  const places = stridesOf(rest);
  return Uint32Array.from({ length: sizeOf(shape) / rows }, (_, position) =>
    strides.reduce(
      (sum, stride, axis) => sum + stride * (Math.floor(position / places[axis]!) % rest[axis]!),
      0,
    ),
  );
}

/** Writes rows of a matrix as columns, the first at `first`. */
function turn(piece: Float32Array, into: Float32Array, starts: Uint32Array, first: number): void {
  const width = starts.length;
  const rows = piece.length / width;
  for (let from = 0; from < rows; from += ROWS) {
    const to = Math.min(from + ROWS, rows);
    for (let column = 0; column < width; column++) {
      const start = starts[column]! + first;
      for (let row = from; row < to; row++) into[start + row] = piece[row * width + column]!;
    }
  }
}

/** Elements of a file's tensor from `start`, written to `values`. */
async function readPiece(
  file: ByteSource,
  { location, dtype }: StoredTensor,
  start: number,
  values: Float32Array,
): Promise<void> {
  const width = dtype === "float16" ? 2 : 4;
  const { buffer } = await file.read(location.offset + start * width, values.length * width);
  if (dtype === "float16") float16ToFloat32(new Uint16Array(buffer), values);
  else values.set(new Float32Array(buffer));
  discard([buffer]);
}

async function readWeight(
  file: ByteSource,
  { weight, into }: WeightRequest,
  scratch: Float32Array,
): Promise<void> {
  const { permutation } = weight;
  const starts = turnedRows(weight);
  const width = permutation ? starts.length : 1;
  const step = width * Math.max(1, Math.floor(PIECE / width));
  for (let start = 0; start < into.length; start += step) {
    const end = Math.min(start + step, into.length);
    const piece = permutation ? scratch.subarray(0, end - start) : into.subarray(start, end);
    await readPiece(file, weight, start, piece);
    if (permutation) turn(piece, into, starts, start / width);
  }
}

/** A weight, and where its values go. */
export interface WeightRequest {
  readonly weight: StoredTensor;
  readonly into: Float32Array;
}

/**
 * Reads weights one after another: little more than a piece of one is held beside what is asked for.
 *
 * @throws FollowspotError when a file is missing or ends early
 */
export async function readWeights(requests: readonly WeightRequest[]): Promise<void> {
  const files = new Map<string, ByteSource>();
  const longestRow = Math.max(0, ...requests.map(({ weight }) => sizeOf(weight.shape.slice(1))));
  const scratch = new Float32Array(Math.max(PIECE, longestRow));
  for (const request of requests) {
    const path = request.weight.location.file;
    const file = files.get(path) ?? (await fileBytes(path, "weights"));
    files.set(path, file);
    await readWeight(file, request, scratch);
  }
  discard([scratch.buffer]);
}
