// Features of pictures by Inception-v3, from bytes: the resize and the scaling are part of the graph.

import { tensor } from "../../core/tensor.js";
import { add, cast, concat, mul } from "../../engine/functions.js";
import { Graph } from "../../engine/graph.js";
import type { Value } from "../../engine/graph.js";
import type { Runtime, Session } from "../../engine/runtime/session.js";
import { inceptionNetwork } from "./network.js";
import { resizeBilinear } from "./resize.js";
import type { InceptionTensors } from "./weights.js";

/** Side of what the network sees. */
const INPUT_SIDE = 299;

/** How pictures are brought before the network, for reports. */
export const INCEPTION_INPUT = "bilinear as in TensorFlow 1 to 299x299, (x - 128) / 128";

export interface ExtractorOptions {
  readonly tensors: InceptionTensors;
  readonly runtime: Runtime;
  /** Side of the pictures in pixels. */
  readonly size: number;
  readonly channels: 1 | 3;
  /** 768: means of mixed_7; 2048: means of the last block, with the classifier's logits. */
  readonly features: 768 | 2048;
  /** Pictures at a time; 8 when absent. */
  readonly batch?: number;
  readonly threads?: number | undefined;
}

/** What one run gives: rows for each picture. */
export interface Extracted {
  /** [n, dimension] */
  readonly features: Float32Array;
  /** [n, classes]; with 2,048 features only. */
  readonly logits?: Float32Array;
}

export interface Extractor {
  readonly batch: number;
  /** Numbers of one picture's features. */
  readonly dimension: number;
  /** Numbers of one picture's logits; 0 without. */
  readonly classes: number;
  /** Features of up to `batch` pictures, bytes [n, size, size, channels]. */
  extract(pixels: Uint8Array): Promise<Extracted>;
  release(): Promise<void>;
}

/** Compiles the network for pictures of one size. Throws FollowspotError when the weights do not suffice. */
export async function createExtractor(options: ExtractorOptions): Promise<Extractor> {
  const { tensors, runtime, size, channels, features, batch = 8, threads } = options;
  const graph = new Graph();
  const pictures = graph.input("pictures", "uint8", [batch, size, size, channels]);
  const depth = features === 768 ? "mixed_7" : "full";
  const values = inceptionNetwork(tensors, inceptionInput(pictures), depth);
  const wanted = features === 768 ? values.features768 : values.features2048!;
  graph.output("features", wanted);
  if (values.logits) graph.output("logits", values.logits);
  const session = await runtime.compile(graph, threads === undefined ? {} : { threads });
  const [dimension, classes] = [wanted.shape[1]!, values.logits?.shape[1] ?? 0];
  return {
    ...{ batch, dimension, classes },
    extract: (pixels) => extract(session, pictures, pixels, { dimension, classes }),
    release: () => session.release(),
  };
}

/** Pictures of bytes as the network takes them, [N, 299, 299, 3]. */
export function inceptionInput(pictures: Value): Value {
  const values = cast(pictures, "float32");
  const coloured = pictures.shape[3] === 1 ? concat([values, values, values], 3) : values;
  return mul(add(resizeBilinear(coloured, INPUT_SIDE), -128), 1 / 128);
}

async function extract(
  session: Session,
  { shape }: Value,
  pixels: Uint8Array,
  { dimension, classes }: { readonly dimension: number; readonly classes: number },
): Promise<Extracted> {
  const [batch, ...each] = shape as [number, number, number, number];
  const bytes = each.reduce((a, b) => a * b, 1);
  const count = pixels.length / bytes;
  if (!Number.isInteger(count) || count > batch) {
    throw new Error(`inception: expected up to ${batch} pictures of ${bytes} bytes, got ${count}`);
  }
  const feed = new Uint8Array(batch * bytes);
  feed.set(pixels);
  const made = await session.run({ pictures: tensor("uint8", shape, feed) });
  const rows = (name: string, width: number): Float32Array =>
    (made[name]!.data as Float32Array).slice(0, count * width);
  const features = rows("features", dimension);
  return classes === 0 ? { features } : { features, logits: rows("logits", classes) };
}
