// Batches for the detector: picture `i` of the stream depends on the source and `i` alone, so that training resumes.

import { Generator } from "../../core/generator.js";
import { floats } from "../../core/tensor.js";
import type { Tensors } from "../../engine/runtime/session.js";
import { chance, choose } from "../scenes/choose.js";
import type { Drawings } from "../scenes/index.js";
import { augment } from "./augment.js";
import { BOX_VALUES, CLASSES, COLOUR_CLASSES, GRID, PICTURE_SIDE } from "./layout.js";
import { labelledScene } from "./scenes.js";
import type { LabelledPicture } from "./scenes.js";
import { emptyTargets, writeTargets } from "./targets.js";

export interface BatchSource {
  /** Labelled picture `index` of a fixed list; the same index gives the same picture. */
  readonly scenes: (index: number) => LabelledPicture;
  /** Length of that list. */
  readonly count: number;
  readonly seed: bigint;
  readonly batch: number;
  /** Labelled pictures that went through the autoencoder: three tenths of every batch when there are any. */
  readonly decoded?: readonly LabelledPicture[];
}

// Neighbouring pictures must share no stream; the factor is odd, so that all indices differ.
const STRIDE = 2654435761n;
const STRETCHED_SHARE = 0.4;
const DECODED_SHARE = 0.3;

/** The generator of picture `index` of a stream. */
export function pictureGenerator(seed: bigint, index: number): Generator {
  return new Generator(BigInt.asUintN(32, seed + STRIDE * BigInt(index)));
}

/** Bytes 0..255 as the network's values in [-1, 1]. */
export function toUnit(values: ArrayLike<number>, target: Float32Array): void {
  for (let i = 0; i < values.length; i++) target[i] = values[i]! / 127.5 - 1;
}

/**
 * A list of scenes of any combination, two fifths of them stretched, rendered when first asked for and
 * kept: 27 KB each.
 */
export function renderedScenes(drawings: Drawings, seed: bigint): BatchSource["scenes"] {
  const kept = new Map<number, LabelledPicture>();
  return (index) => {
    const known = kept.get(index);
    if (known) return known;
    const generator = pictureGenerator(seed, index);
    const stretched = chance(generator, STRETCHED_SHARE);
    const { rgb, things } = labelledScene(generator, drawings, { stretched });
    kept.set(index, { rgb, things });
    return { rgb, things };
  };
}

function pictureOf(source: BatchSource, generator: Generator, index: number): LabelledPicture {
  const { decoded = [], scenes, count } = source;
  if (decoded.length > 0 && chance(generator, DECODED_SHARE)) return choose(generator, decoded);
  return scenes(index % count);
}

/** The feeds of step `k`, counted from 1. */
export function batchOf(source: BatchSource, k: number): Tensors {
  const { batch, seed } = source;
  const bytes = PICTURE_SIDE * PICTURE_SIDE * 3;
  const pictures = new Float32Array(batch * bytes);
  const targets = emptyTargets(batch);
  for (let i = 0; i < batch; i++) {
    const index = (k - 1) * batch + i;
    const generator = pictureGenerator(seed, index);
    const { rgb, things } = pictureOf(source, generator, index);
    const values = augment(generator, rgb, PICTURE_SIDE);
    toUnit(values, pictures.subarray(i * bytes, (i + 1) * bytes));
    writeTargets(targets, i, things);
  }
  const cells = (values: Float32Array, width: number) => floats([batch, GRID, GRID, width], values);
  return {
    pictures: floats([batch, PICTURE_SIDE, PICTURE_SIDE, 3], pictures),
    heat: cells(targets.heat, CLASSES),
    box: cells(targets.box, BOX_VALUES),
    weight: cells(targets.weight, 1),
    colour: cells(targets.colour, COLOUR_CLASSES),
  };
}
