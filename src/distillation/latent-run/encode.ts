// The latents of a data set, encoded once and kept in the run's folder.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { HostTensor } from "../../core/tensor.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import { openSafetensors, writeSafetensors } from "../../io/safetensors.js";
import type { TrainOptions } from "../../training/fit.js";
import { encodePictures } from "../semantic-run/encode.js";
import type { SemanticStudent } from "../semantic-run/export.js";

const FILE = "latents.safetensors";

/** What the encoder makes of pictures, as `encodePictures`, kept in the run's folder under `digest` and read from there when the run goes on. */
export async function keptLatents(
  parent: SemanticStudent,
  data: PictureDataset,
  { folder, runtime, ...told }: TrainOptions,
  digest: string,
): Promise<HostTensor<"float32">> {
  const path = join(folder, FILE);
  if (existsSync(path)) {
    const file = await openSafetensors(path);
    if (file.metadata["digest"] === digest) return file.readFloat32("latents");
  }
  told.onStage?.("encoding the pictures");
  const latents = await encodePictures(parent, data, runtime, told);
  await writeSafetensors(path, { latents }, { digest });
  return latents;
}
