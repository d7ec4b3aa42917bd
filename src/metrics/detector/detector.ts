// The detector at work: a folder with config.json and weights, pictures in, finds out.

import { join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import { float32ToFloat16 } from "../../core/float16.js";
import { floats, tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime, Session } from "../../engine/runtime/session.js";
import { pictureOf, sharpOf } from "../../io/image.js";
import type { Picture } from "../../io/image.js";
import { readJsonAs, writeJson } from "../../io/json.js";
import { openSafetensors, writeSafetensors } from "../../io/safetensors.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import { toUnit } from "../../training/detector/batches.js";
import {
  BOX_VALUES,
  CLASSES,
  COLOUR_CLASSES,
  GRID,
  PICTURE_SIDE,
} from "../../training/detector/layout.js";
import { COLOURS, NOUNS } from "../../training/scenes/index.js";
import { decodeMaps } from "./decode.js";
import type { Detection } from "./decode.js";
import { detectorNetwork } from "./network.js";

export const DETECTOR_CLASS = "PlacementDetector";
const WEIGHTS_FILE = "model.safetensors";

const width = z.int().positive();
const DetectorConfig = z.object({
  _class_name: z.literal(DETECTOR_CLASS),
  widths: z.object({ fine: width, middle: width, coarse: width, joint: width }),
  nouns: z.array(z.string()),
  colours: z.array(z.string()),
  /** Least confidence of a find, fixed on rendered validation scenes. */
  threshold: z.number().gt(0).lt(1),
});

/** What config.json of a detector holds. */
export type DetectorConfig = z.infer<typeof DetectorConfig>;

/** A detector that is ready to look at pictures. */
export interface Detector {
  /** Least confidence of a find, fixed when the detector was made. */
  readonly threshold: number;
  /**
   * What a picture shows, surest first. Pictures of another size are scaled to 96 x 96 first.
   * `threshold` replaces the fixed one.
   */
  detect(picture: Picture, threshold?: number): Promise<Detection[]>;
  release(): Promise<void>;
}

/**
 * Opens a detector's folder.
 *
 * Throws FollowspotError when a file is missing or damaged, or when the detector knows other things.
 */
export async function loadDetector(
  folder: string,
  runtime: Runtime,
  options: { threads?: number } = {},
): Promise<Detector> {
  const config = await readJsonAs(join(folder, "config.json"), DetectorConfig);
  checkNames(folder, "nouns", config.nouns, NOUNS);
  checkNames(folder, "colours", config.colours, COLOURS);
  const file = await openSafetensors(join(folder, WEIGHTS_FILE));
  const tensors = new Map<string, HostTensor>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  return createDetector(config, tensors, runtime, options);
}

/** A detector of weights in memory, in the checkpoint's names and layout. */
export async function createDetector(
  config: Pick<DetectorConfig, "widths" | "threshold">,
  tensors: ReadonlyMap<string, HostTensor>,
  runtime: Runtime,
  options: { threads?: number } = {},
): Promise<Detector> {
  const graph = new Graph();
  const shape = [1, PICTURE_SIDE, PICTURE_SIDE, 3];
  const pictures = graph.input("pictures", "float32", shape);
  const maps = detectorNetwork(new ConstantWeights(graph, tensors), pictures, config.widths);
  for (const [name, value] of Object.entries(maps)) graph.output(name, value as typeof pictures);
  const session = await runtime.compile(graph, options);
  return {
    threshold: config.threshold,
    detect: (picture, threshold = config.threshold) => look(session, picture, threshold),
    release: async () => void (await session.release()),
  };
}

async function look(session: Session, picture: Picture, threshold: number): Promise<Detection[]> {
  const { data } = await toSide(picture);
  const values = new Float32Array(data.length);
  toUnit(data, values);
  // Written in place, so that a long evaluation leaves no tensors behind.
  const cells = (count: number): HostTensor<"float32"> =>
    floats([1, GRID, GRID, count], new Float32Array(GRID * GRID * count));
  const maps = { heat: cells(CLASSES), box: cells(BOX_VALUES), colour: cells(COLOUR_CLASSES) };
  await session.run({ pictures: floats([1, PICTURE_SIDE, PICTURE_SIDE, 3], values) }, maps);
  const { heat, box, colour } = maps;
  return decodeMaps({ heat: heat.data, box: box.data, colour: colour.data }, threshold);
}

async function toSide(picture: Picture): Promise<Picture> {
  if (picture.width === PICTURE_SIDE && picture.height === PICTURE_SIDE) return picture;
  return pictureOf(sharpOf(picture).resize(PICTURE_SIDE, PICTURE_SIDE, { fit: "fill" }));
}

function checkNames(
  folder: string,
  what: string,
  got: readonly string[],
  expected: readonly string[],
): void {
  if (got.join() === expected.join()) return;
  throw new FollowspotError(
    `detector: ${folder}: expected the ${what} ${expected.join(", ")}, got ${got.join(", ")}.`,
    { remedy: "Use the detector of this version, or train one." },
  );
}

/** Writes a detector's folder, which must exist: config.json and its weights as 16-bit floats. */
export async function saveDetector(
  folder: string,
  config: Pick<DetectorConfig, "widths" | "threshold">,
  weights: ReadonlyMap<string, HostTensor<"float32">>,
): Promise<void> {
  const { widths, threshold } = config;
  const halves = [...weights].map(([name, { shape, data }]): [string, HostTensor] => [
    name,
    tensor("float16", shape, float32ToFloat16(data)),
  ]);
  await writeSafetensors(join(folder, WEIGHTS_FILE), halves);
  const names = { nouns: [...NOUNS], colours: [...COLOURS] };
  await writeJson(join(folder, "config.json"), {
    _class_name: DETECTOR_CLASS,
    widths,
    ...names,
    threshold,
  });
}

/** Fixes the threshold of a detector's folder. Throws FollowspotError when that holds no detector. */
export async function saveThreshold(folder: string, threshold: number): Promise<void> {
  const path = join(folder, "config.json");
  await writeJson(path, { ...(await readJsonAs(path, DetectorConfig)), threshold });
}
