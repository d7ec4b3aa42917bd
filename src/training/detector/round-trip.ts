// Pictures through an autoencoder and back, in batches: what every generated picture has gone through.

import { join } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import type { Value } from "../../engine/graph.js";
import type { Runtime } from "../../engine/runtime/session.js";
import { readJsonObject } from "../../io/json.js";
import { openSafetensors } from "../../io/safetensors.js";
import {
  autoencoderWeightName,
  decodeKL,
  decodeTiny,
  encodeKL,
  encodeTiny,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
} from "../../models/vae/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import type { Weights } from "../../nn/weights.js";
import { toUnit } from "./batches.js";

const WEIGHTS_FILE = "diffusion_pytorch_model.safetensors";

/** Encodes and decodes pictures of one size. */
export interface RoundTrip {
  /** RGB bytes, side x side x 3, in and out. */
  run(pictures: readonly Uint8Array[]): Promise<Uint8Array[]>;
  release(): Promise<void>;
}

/** Encoding at the posterior's mode, then decoding, of pictures [N, H, W, 3] in [-1, 1]. */
function throughAutoencoder(json: Record<string, unknown>, w: Weights, pictures: Value): Value {
  if (json._class_name === "AutoencoderTiny") {
    const config = parseAutoencoderTinyConfig(json);
    return decodeTiny(w, config, encodeTiny(w, config, pictures));
  }
  if (json._class_name === "AutoencoderKL") {
    const config = parseAutoencoderKLConfig(json);
    return decodeKL(w, config, encodeKL(w, config, pictures).mean);
  }
  throw new FollowspotError(
    `round trip: expected AutoencoderTiny or AutoencoderKL, got ${String(json._class_name)}.`,
  );
}

/**
 * Opens an autoencoder's folder (config.json and weights).
 *
 * @param side pixels along each side of the pictures
 * @param batch pictures of one run; the last run of a list is filled up
 * Throws FollowspotError when a file is missing or damaged, or the class is another.
 */
export async function openRoundTrip(
  folder: string,
  runtime: Runtime,
  { side, batch, threads }: { side: number; batch: number; threads?: number },
): Promise<RoundTrip> {
  const json = await readJsonObject(join(folder, "config.json"));
  const file = await openSafetensors(join(folder, WEIGHTS_FILE));
  const tensors = new Map<string, HostTensor>();
  for (const name of file.tensors.keys()) {
    tensors.set(autoencoderWeightName(name), await file.read(name));
  }
  const graph = new Graph();
  const pictures = graph.input("pictures", "float32", [batch, side, side, 3]);
  graph.output("decoded", throughAutoencoder(json, new ConstantWeights(graph, tensors), pictures));
  const session = await runtime.compile(graph, threads === undefined ? {} : { threads });
  const bytes = side * side * 3;
  const runBatch = async (list: readonly Uint8Array[]): Promise<Uint8Array[]> => {
    const values = new Float32Array(batch * bytes);
    list.forEach((rgb, i) => toUnit(rgb, values.subarray(i * bytes, (i + 1) * bytes)));
    const decoded = floats([batch, side, side, 3], new Float32Array(values.length));
    await session.run({ pictures: floats([batch, side, side, 3], values) }, { decoded });
    return list.map((_, i) => toBytes(decoded.data.subarray(i * bytes, (i + 1) * bytes)));
  };
  return {
    async run(list) {
      const made: Uint8Array[] = [];
      for (let at = 0; at < list.length; at += batch) {
        made.push(...(await runBatch(list.slice(at, at + batch))));
      }
      return made;
    },
    release: async () => void (await session.release()),
  };
}

/** Values in [-1, 1], and somewhat beyond, as bytes. */
function toBytes(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) =>
    Math.round(Math.min(255, Math.max(0, (value + 1) * 127.5))),
  );
}
