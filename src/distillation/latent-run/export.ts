// A semantic student with its latent network: what is drawn from without any picture.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFolderAtomic } from "../../io/atomic-folder.js";
import { readJson, readJsonAs, writeJson } from "../../io/json.js";
import { openSafetensors, writeSafetensors } from "../../io/safetensors.js";
import { parseLatentMlpConfig } from "../../models/latent-mlp/index.js";
import { expectFiniteWeights } from "../../training/finite-weights.js";
import { copyModel, shippedPath } from "../../training/run/shipped.js";
import type { Trained } from "../../training/trained.js";
import { TEACHER_FILES } from "../../training/teacher/index.js";
import type { LatentSamplerOptions } from "../latent.js";
import { readSemantic } from "../semantic-run/export.js";
import { latentDigest, mlpOf } from "./config.js";
import type { LatentConfig } from "./config.js";
import { keepStatistics, readStatistics } from "./statistics.js";

const PART = "latent_mlp";
const CONFIG = "config.json";
const WEIGHTS = "diffusion_pytorch_model.safetensors";

/**
 * Writes the folder, whole or not at all: the parent's files, and the network with the statistics of its latents.
 *
 * @param run - the run's folder, which holds the statistics
 * @throws FollowspotError when a file cannot be read or written
 */
export async function exportLatent(
  config: LatentConfig,
  { packing, average, step }: Trained,
  folder: string,
  run: string,
): Promise<void> {
  const parent = await readSemantic(config.parent);
  const statistics = await readStatistics(run);
  await writeFolderAtomic(folder, async (into) => {
    await copyModel(config.parent, into);
    // A parent may have a latent network of its own, in whose place this one comes.
    await rm(join(into, PART), { recursive: true, force: true });
    const facts = (await readJson(join(into, TEACHER_FILES.facts))) as object;
    const { steps, clip } = config.draw;
    await writeJson(join(into, TEACHER_FILES.facts), { ...facts, latent: { steps, clip } });
    await mkdir(join(into, PART));
    const document = { _class_name: "LatentMlp", ...mlpOf(config, parent) };
    await writeJson(join(into, PART, CONFIG), document);
    await keepStatistics(join(into, PART), statistics);
    await writeSafetensors(join(into, PART, WEIGHTS), packing.unpack(average.data), {
      ...{ format: "pt", role: PART, student: parent.student.digest, step: String(step) },
      config: latentDigest(config),
    });
  });
}

const facts = z.object({
  latent: z.object({ steps: z.int().positive(), clip: z.boolean() }),
});

/** A latent network in memory: what `LatentSampler` takes, and in how many steps it draws if nothing else is said. */
export type LatentModel = Pick<
  LatentSamplerOptions,
  "config" | "weights" | "statistics" | "clip"
> & { readonly steps: number };

/** Reads what `exportLatent` wrote. Throws FollowspotError when a file is missing, damaged or not what it should be. */
export async function readLatent(folder: string): Promise<LatentModel> {
  const path = shippedPath(folder);
  const { latent } = await readJsonAs(join(path, TEACHER_FILES.facts), facts);
  const file = await openSafetensors(join(path, PART, WEIGHTS));
  const weights = await file.readAllFloat32();
  expectFiniteWeights(join(path, PART, WEIGHTS), weights);
  return {
    ...latent,
    config: parseLatentMlpConfig(await readJson(join(path, PART, CONFIG))),
    statistics: await readStatistics(join(path, PART)),
    weights,
  };
}
