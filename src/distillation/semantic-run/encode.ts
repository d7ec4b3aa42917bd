// What an encoder tells of pictures.

import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime } from "../../engine/runtime/session.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import { semanticEncoder } from "../../models/semantic-encoder/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import { toSignedUnit } from "../../training/data/latents.js";
import type { TrainOptions } from "../../training/fit.js";
import type { SemanticStudent } from "./export.js";

const BATCH = 50;

/** What the encoder makes of pictures [N, S, S, C] of bytes, in batches of one shape: [N, latent_dim]. */
export async function encodePictures(
  { encoder }: Pick<SemanticStudent, "encoder">,
  data: PictureDataset,
  runtime: Runtime,
  { signal, onProgress }: Pick<TrainOptions, "signal" | "onProgress"> = {},
): Promise<HostTensor<"float32">> {
  const { config, weights } = encoder;
  const { sample_size: size, in_channels: channels, latent_dim: width } = config;
  const shape = [BATCH, size, size, channels];
  const graph = new Graph();
  const pictures = graph.input("pictures", "float32", shape);
  graph.output("latents", semanticEncoder(new ConstantWeights(graph, weights), config, pictures));
  const session = await runtime.compile(graph);
  const latents = new Float32Array(data.count * width);
  try {
    for (let start = 0; start < data.count; start += BATCH) {
      signal?.throwIfAborted();
      const count = Math.min(BATCH, data.count - start);
      const { pixels } = await data.pictures(Array.from({ length: count }, (_, i) => start + i));
      const values = new Float32Array(BATCH * size * size * channels);
      toSignedUnit(pixels, values);
      const made = await session.run({ pictures: floats(shape, values) });
      const rows = (made["latents"]!.data as Float32Array).subarray(0, count * width);
      latents.set(rows, start * width);
      onProgress?.(start + count, data.count);
    }
  } finally {
    await session.release();
  }
  return floats([data.count, width], latents);
}
