// Means and deviations of a data set's latents, kept where the network over them is trained.

import { join } from "node:path";
import { floats } from "../../core/tensor.js";
import { openSafetensors, writeSafetensors } from "../../io/safetensors.js";
import type { LatentStatistics } from "../latent.js";

const FILE = "statistics.safetensors";

/** Writes them into a folder. */
export async function keepStatistics(
  folder: string,
  { mean, deviation }: LatentStatistics,
): Promise<void> {
  const shape = [mean.length];
  const tensors = { mean: floats(shape, mean), deviation: floats(shape, deviation) };
  await writeSafetensors(join(folder, FILE), tensors, { format: "pt" });
}

/** Reads them. Throws FollowspotError when the file is missing or damaged. */
export async function readStatistics(folder: string): Promise<LatentStatistics> {
  const file = await openSafetensors(join(folder, FILE));
  const [mean, deviation] = [await file.readFloat32("mean"), await file.readFloat32("deviation")];
  return { mean: mean.data, deviation: deviation.data };
}
