// The pictures of a teacher's run: opened as the configuration says, and the same when the run is gone on with.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import { openDataset } from "../../io/dataset/index.js";
import type { DatasetOptions, PictureDataset } from "../../io/dataset/index.js";
import { readJsonAs, writeJson } from "../../io/json.js";
import { sizeOfTeacher } from "./config.js";
import type { TeacherConfig } from "./config.js";

/** File of the run's folder that says which pictures it is trained on. */
const FACTS = "data.json";

const facts = z.object({ digest: z.string(), count: z.number() });

/**
 * The data set of a configuration, at the network's size and channels. Close it when done.
 *
 * @throws FollowspotError when it is missing, damaged, or has other classes than the network
 */
export async function openTeacherData(
  config: TeacherConfig,
  signal?: AbortSignal,
): Promise<PictureDataset> {
  const { path, split, fit, filter } = config.data;
  const options: DatasetOptions = {
    size: sizeOfTeacher(config),
    channels: config.unet.in_channels as 1 | 3,
    split,
    ...(fit === undefined ? {} : { fit }),
    ...(filter === undefined ? {} : { filter }),
    ...(signal === undefined ? {} : { signal }),
  };
  const data = await openDataset(path, options);
  try {
    checkClasses(config, data);
    return data;
  } catch (error) {
    await data.close();
    throw error;
  }
}

function checkClasses({ unet, data: { path } }: TeacherConfig, data: PictureDataset): void {
  const { num_class_embeds: rows } = unet;
  if (rows === null) return;
  const classes = data.classes?.length;
  if (classes !== undefined && rows === classes + 1) return;
  const [expected, remedy] =
    classes === undefined
      ? ["null", "Give pictures in one folder for each class, or leave the option out."]
      : [`${classes + 1}`, `One row for each of the ${classes} classes and one for none.`];
  throw new FollowspotError(
    `train: unet.num_class_embeds: expected ${expected} for ${path}, got ${rows}.`,
    { remedy },
  );
}

/** As `openTeacherData`, where the data set is there at all: presets name places that a machine may lack. */
export async function checkTeacherData(config: TeacherConfig): Promise<void> {
  if (!existsSync(config.data.path)) return;
  await (await openTeacherData(config)).close();
}

/**
 * Writes down which pictures a run is trained on, or checks that they still are those.
 *
 * @throws FollowspotError when the run has seen others
 */
export async function keepFacts(
  folder: string,
  { digest, count, classes }: PictureDataset,
): Promise<void> {
  const path = join(folder, FACTS);
  if (!existsSync(path)) {
    await writeJson(path, { count, digest, ...(classes ? { classes } : {}) });
    return;
  }
  const before = await readJsonAs(path, facts);
  if (before.digest === digest) return;
  throw new FollowspotError(
    `resume: data: expected the ${before.count} pictures that the run began with, got ${count} of other content.`,
    { remedy: "Put the data back as it was, or start a new run." },
  );
}
