// A trained teacher as the folder of a diffusers pipeline: a UNet2DModel, and a DDIMScheduler that holds its levels.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { logSnrSchedule, TIMESTEPS, trainedBetas } from "../../diffusion/log-snr.js";
import { PREDICTION_OF_HEAD } from "../../diffusion/parameterisations.js";
import { writeFolderAtomic } from "../../io/atomic-folder.js";
import { writeJson } from "../../io/json.js";
import { writeSafetensors } from "../../io/safetensors.js";
import type { Trained } from "../trained.js";
import type { TeacherConfig } from "./config.js";
import { TEACHER_FILES } from "./folder.js";
import type { TeacherFacts } from "./folder.js";

/** The version whose folders these are like. */
const DIFFUSERS = "0.42.1";

/** What a folder says besides what its configuration does. */
export interface Told {
  /** Names of the classes, where the network has them. */
  readonly classes?: readonly string[] | undefined;
  /** What a student says in followspot.json instead of and besides what a teacher says. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Metadata of the weights: the configuration's digest, and what a student says as above. */
  readonly metadata: Readonly<Record<string, string>> & { readonly config: string };
}

/**
 * Writes a teacher's folder, whole or not at all; one already there is replaced. Weights are float32: students start
 * from them. Diffusers' scheduler stands at t = (i + 1) / 1000 at timestep i, and draws the same pictures where it
 * takes noise from clipped predictions (`use_clipped_model_output`); of head `both` it opens the network only.
 *
 * @throws FollowspotError when a file cannot be written
 */
export async function exportTeacher(
  config: Pick<TeacherConfig, "head" | "schedule" | "unet" | "draw">,
  { packing, average, step }: Trained,
  folder: string,
  { classes, facts, metadata }: Told,
): Promise<void> {
  const { head, schedule, unet, draw } = config;
  const own: TeacherFacts = {
    role: "teacher",
    head,
    schedule,
    draw,
    ...(classes ? { classes: [...classes] } : {}),
  };
  await writeFolderAtomic(folder, async (target) => {
    const files = TEACHER_FILES;
    await mkdir(join(target, "unet"));
    await mkdir(join(target, "scheduler"));
    await writeJson(join(target, files.index), modelIndex());
    await writeJson(join(target, files.facts), { ...own, ...facts });
    await writeJson(join(target, files.scheduler), schedulerDocument(config));
    await writeJson(join(target, files.config), {
      _class_name: "UNet2DModel",
      _diffusers_version: DIFFUSERS,
      ...unet,
    });
    await writeSafetensors(join(target, files.weights), packing.unpack(average.data), {
      format: "pt",
      role: "teacher",
      head,
      schedule: JSON.stringify(schedule),
      step: String(step),
      ...metadata,
    });
  });
}

/** model_index.json */
function modelIndex(): Record<string, unknown> {
  return {
    _class_name: "DDIMPipeline",
    _diffusers_version: DIFFUSERS,
    scheduler: ["diffusers", "DDIMScheduler"],
    unet: ["diffusers", "UNet2DModel"],
  };
}

/** scheduler/scheduler_config.json */
function schedulerDocument({
  schedule,
  head,
}: Pick<TeacherConfig, "schedule" | "head">): Record<string, unknown> {
  return {
    _class_name: "DDIMScheduler",
    _diffusers_version: DIFFUSERS,
    num_train_timesteps: TIMESTEPS,
    trained_betas: trainedBetas(logSnrSchedule(schedule)),
    prediction_type: PREDICTION_OF_HEAD[head],
    clip_sample: true,
    clip_sample_range: 1,
    set_alpha_to_one: true,
    steps_offset: 0,
    timestep_spacing: "trailing",
  };
}
