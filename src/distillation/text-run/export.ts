// A text-to-image student as the folder of a diffusers pipeline: its parent's, but for network, scheduler and facts.

import { copyFile, cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFolderAtomic } from "../../io/atomic-folder.js";
import { readJsonObject, writeJson } from "../../io/json.js";
import { resolveModelFile } from "../../io/model-folder.js";
import { MODEL_INDEX, OWN_FILE } from "../../io/model-source.js";
import { writeSafetensors } from "../../io/safetensors.js";
import { halvesUnder } from "../../training/half.js";
import type { Trained } from "../../training/trained.js";
import { lastingDigest } from "../../training/digest.js";
import type { EditChoice, TextStudentConfig } from "./config.js";
import { NETWORK_WEIGHTS, readTextParent } from "./parent.js";
import type { TextParent } from "./parent.js";

/** Parts that are the parent's as they are. */
const SHARED = ["text_encoder", "tokenizer", "vae", "words.json"] as const;

/** The sampler that takes a student's steps, by its target. */
export function samplerOf({ target }: TextStudentConfig): "lcm" | "ddim" {
  return target.kind === "progressive" ? "ddim" : "lcm";
}

/** scheduler_config.json of a student. */
export function schedulerOf(
  { scheduler }: TextParent,
  config: TextStudentConfig,
): Record<string, unknown> {
  if (samplerOf(config) === "ddim") return { ...scheduler, timestep_spacing: "trailing" };
  return {
    ...scheduler,
    _class_name: "LCMScheduler",
    // LCM's steps know no offset, but diffusers warns of any other than 1.
    steps_offset: 1,
    original_inference_steps: config.levels,
    timestep_scaling: 10,
  };
}

/** Settings of the scheduler that say which noise a network knows, and what it puts out. */
const NOISE = [
  "num_train_timesteps",
  "beta_schedule",
  "beta_start",
  "beta_end",
  "trained_betas",
  "rescale_betas_zero_snr",
  "prediction_type",
] as const;

/** The noise schedule as the weights' metadata tell it. */
function scheduleOf(scheduler: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(NOISE.map((key) => [key, scheduler[key]])));
}

/** The edit that a student has seen is the one it is drawn with. */
const placementOf = ({ trailing, gain, lift, outside, until }: EditChoice) => ({
  ...{ trailing, gain, lift, outside, until },
});

/** What followspot.json says of a student: how it is drawn, and whose it is. */
function factsOf(parent: TextParent, config: TextStudentConfig): Record<string, unknown> {
  const { cfg, edits, target, levels, draw } = config;
  return {
    sampler: samplerOf(config),
    steps: draw.steps,
    cfg: 1,
    ...(edits ? { methods: { direct: placementOf(edits) } } : {}),
    role: "student",
    parent: { digest: parent.digest },
    // What guidance the student took in: no further one can be asked of it.
    student: { guidance: parent.guidance ?? cfg, levels, target, edits },
  };
}

/**
 * Writes a student's folder, whole or not at all; one already there is replaced. Weights are float16.
 *
 * @throws FollowspotError when a weight is beyond half precision, or a file cannot be read or written
 */
export async function exportTextStudent(
  config: TextStudentConfig,
  { packing, average, step }: Trained,
  folder: string,
): Promise<void> {
  const parent = await readTextParent(config);
  const scheduler = schedulerOf(parent, config);
  const index = await readJsonObject(join(parent.folder, MODEL_INDEX));
  await writeFolderAtomic(folder, async (target) => {
    for (const part of SHARED) {
      const from = await resolveModelFile(parent.folder, part);
      await cp(from, join(target, part), { recursive: true, dereference: true });
    }
    await mkdir(join(target, "unet"));
    await mkdir(join(target, "scheduler"));
    await copyFile(join(parent.folder, "unet", "config.json"), join(target, "unet", "config.json"));
    const halves = halvesUnder("unet.", packing.unpack(average.data));
    await writeSafetensors(join(target, NETWORK_WEIGHTS), halves, {
      ...{ format: "pt", role: "student", step: String(step) },
      ...{ parent: parent.digest, config: lastingDigest(config) },
      schedule: scheduleOf(scheduler),
    });
    await writeJson(join(target, "scheduler", "scheduler_config.json"), scheduler);
    await writeJson(join(target, OWN_FILE), factsOf(parent, config));
    await writeJson(join(target, MODEL_INDEX), {
      ...index,
      scheduler: ["diffusers", scheduler["_class_name"]],
    });
  });
}
