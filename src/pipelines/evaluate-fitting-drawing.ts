// Fitting errors as pictures: what networks were given and made at a few times, and mean maps at all of them.

import { largest } from "../core/largest.js";
import { floats } from "../core/tensor.js";
import { contactSheet } from "../io/contact-sheet.js";
import type { Picture } from "../io/image.js";
import { biasVariance, errorMaps, meanMap } from "../metrics/fitting-error/index.js";
import type { BatchShape } from "../metrics/fitting-error/index.js";
import { toPictures } from "../training/teacher/index.js";
import { SPREAD_LEAST } from "./evaluate-errors-request.js";
import type { HeldOut } from "./evaluate-pictures.js";
import { shapeOf } from "./evaluate-shared.js";
import type { Moment } from "./evaluate-shared.js";

/** Pictures of the sheet, and the times that they are shown at. */
const PICTURES = 3;
const TIMES = 3;
/** Times of the mean maps, at most. */
const MAP_TIMES = 16;
/** Side of a picture on the sheet in pixels, at least. */
const SIDE = 112;

/** All predictions at one time. */
export interface FittingMoment extends Moment {
  readonly noisy: Float32Array;
  /** [count, S, S] of 0 and 1. */
  readonly mask: Float32Array;
  readonly teacher: Float32Array;
  readonly students: readonly Float32Array[];
}

/** A picture with its label. */
interface Cell {
  readonly picture: Picture;
  readonly label: string;
}

/** Gathers what the sheets show, time by time, so that predictions need not be kept. */
export class FittingDrawing {
  private readonly shape: BatchShape;
  /** Times by their numbers, of examples and of mean maps. */
  private readonly shown: ReadonlySet<number>;
  private readonly mapped: ReadonlySet<number>;
  private readonly examples: Cell[][] = [];
  private readonly means: Cell[][] = [];
  private seen = 0;

  /** @param students - what they are called on the sheets */
  constructor(
    private readonly held: HeldOut,
    private readonly students: readonly string[],
    times: number,
  ) {
    this.shape = shapeOf(held);
    this.shown = spreadOver(times, TIMES);
    this.mapped = spreadOver(times, Math.min(times, MAP_TIMES));
  }

  /** Takes the predictions of the next time. */
  add(moment: FittingMoment): void {
    if (this.shown.has(this.seen)) {
      const count = Math.min(PICTURES, this.shape[0]);
      for (let i = 0; i < count; i++) this.examples.push(this.exampleRow(moment, i));
    }
    if (this.mapped.has(this.seen)) this.means.push(this.meanRow(moment));
    this.seen++;
  }

  /** A PNG file: noisy picture, picture, teacher, mask, and each student with its error to the teacher. */
  sheet(): Promise<Uint8Array> {
    return sheetOf(this.examples);
  }

  /** A PNG file of the mean over the pictures: masks, errors of teacher and students, bias and variance; a row a time. */
  maps(): Promise<Uint8Array> {
    return sheetOf(this.means);
  }

  private exampleRow({ t, noisy, teacher, mask, students }: FittingMoment, i: number): Cell[] {
    const [, height, width, channels] = this.shape;
    const of = (values: Float32Array, each: number): Float32Array =>
      values.subarray(i * height * width * each, (i + 1) * height * width * each);
    const shown = (label: string, values: Float32Array): Cell => ({
      label,
      picture: this.pictureOf(of(values, channels), channels),
    });
    return [
      shown(`t = ${timeOf(t)}`, noisy),
      shown("picture", this.held.pictures.data),
      shown("teacher", teacher),
      this.mapOf("mask", of(mask, 1), 1),
      ...students.flatMap((student, k) => {
        const one: BatchShape = [1, height, width, channels];
        const map = errorMaps(of(student, channels), of(teacher, channels), one);
        return [shown(this.students[k]!, student), this.mapOf("error", map)];
      }),
    ];
  }

  private meanRow({ t, teacher, mask, students }: FittingMoment): Cell[] {
    const { shape, held } = this;
    const [count] = shape;
    const pictures = held.pictures.data;
    const mean = (label: string, prediction: Float32Array, target: Float32Array): Cell =>
      this.mapOf(label, meanMap(errorMaps(prediction, target, shape), count));
    return [
      this.mapOf(`t = ${timeOf(t)}, masks`, meanMap(Float64Array.from(mask), count), 1),
      mean("teacher to picture", teacher, pictures),
      ...students.flatMap((student, k) => [
        mean(`${this.students[k]!} to teacher`, student, teacher),
        mean(`${this.students[k]!} to picture`, student, pictures),
      ]),
      ...(students.length < SPREAD_LEAST ? [] : this.spreadCells(students, teacher)),
    ];
  }

  private spreadCells(students: readonly Float32Array[], teacher: Float32Array): Cell[] {
    const [count, , , channels] = this.shape;
    const { biasMap, varianceMap } = biasVariance(students, teacher);
    const cell = (label: string, map: Float64Array): Cell => {
      const pixels = new Float64Array(map.length / channels);
      map.forEach((value, i) => (pixels[Math.floor(i / channels)]! += value / channels));
      return this.mapOf(`${label} to teacher`, meanMap(pixels, count));
    };
    return [cell("bias", biasMap), cell("variance", varianceMap)];
  }

  /** A map [h, w] in grey, white where it is `most`: its own maximum when absent, which the label then tells. */
  private mapOf(label: string, map: ArrayLike<number>, most?: number): Cell {
    const values = Array.from(map);
    const white = most ?? largest(values, Number.MIN_VALUE);
    const told = most === undefined ? `, white = ${largest(values).toPrecision(2)}` : "";
    const grey = Float32Array.from(values, (value) => (2 * value) / white - 1);
    return { label: `${label}${told}`, picture: this.pictureOf(grey, 1) };
  }

  /** Values in [-1, 1], enlarged to a side that can be seen. */
  private pictureOf(values: Float32Array, channels: number): Picture {
    const [, height, width] = this.shape;
    const [picture] = toPictures(floats([1, height, width, channels], values));
    return enlarged(picture!, Math.max(1, Math.ceil(SIDE / width)));
  }
}

function sheetOf(rows: readonly (readonly Cell[])[]): Promise<Uint8Array> {
  const cells = rows.flat();
  return contactSheet(
    cells.map(({ picture }) => picture),
    rows[0]!.length,
    cells.map(({ label }) => label),
  );
}

/** So many numbers below `times`, evenly, the last among them. */
function spreadOver(times: number, count: number): Set<number> {
  return new Set(
    Array.from({ length: count }, (_, i) => Math.round(((i + 1) * times) / count) - 1),
  );
}

const timeOf = (t: number): string => String(Number(t.toFixed(3)));

/** Each pixel as a square of so many. */
function enlarged({ width, height, data }: Picture, factor: number): Picture {
  const [wide, high] = [width * factor, height * factor];
  const pixels = new Uint8Array(wide * high * 3);
  for (let i = 0; i < wide * high; i++) {
    const from = Math.floor(i / wide / factor) * width + Math.floor((i % wide) / factor);
    pixels.set(data.subarray(3 * from, 3 * from + 3), 3 * i);
  }
  return { width: wide, height: high, data: pixels };
}
