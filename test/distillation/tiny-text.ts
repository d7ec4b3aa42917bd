// A tiny text-to-image model with made-up weights, and the configuration of a student of it.

import { join } from "node:path";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import { initialise } from "../../src/nn/init.js";
import { exportTextToImage } from "../../src/training/text-to-image/export.js";
import { textToImageSchema } from "../../src/training/text-to-image/config.js";
import { packingOf } from "../../src/training/text-to-image/train.js";
import { tinyDocument, writeTinyRun } from "../training/tiny.js";

/**
 * Writes the model `model` into a folder, beside the tiny run that it is of; its path.
 *
 * @param spread - of what is added to all weights, since the network's last layer starts at zero, where nothing could be told apart
 */
export async function writeTextModel(base: string, spread = 0.1): Promise<string> {
  const model = join(base, "model");
  await writeTinyRun(base, 3);
  const config = textToImageSchema.parse(tinyDocument(base, 3));
  const packing = packingOf(config, { latentSize: 4, tokens: 24, text: undefined });
  const average = packing.pack(initialise(packing.specs, new Generator(8n)));
  const noise = new Generator(9n).randn([packing.size]).data;
  average.forEach((value, i) => (average[i] = value + spread * noise[i]!));
  const trained = { packing, average: floats([packing.size], average), step: 3 };
  await exportTextToImage(config, trained, model);
  return model;
}

/** The configuration of a student of such a model. */
export function textStudentDocument(parent: string, options: Record<string, unknown> = {}) {
  return {
    ...{ kind: "text-to-image-student", parent, scenes: { count: 12, seed: 1 } },
    ...{ target: { kind: "consistency" }, levels: 10, cfg: 3, seed: 4, batch: 4, steps: 3 },
    learning_rate: { peak: 0.001, floor: 0.0001, warmup: 1 },
    ...{ weight_decay: 0, ema_decay: 0.9, draw: { steps: 2 } },
    ...options,
  };
}
