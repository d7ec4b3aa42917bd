// The pictures of a teacher's run: opened as the configuration says, and the same when the run is gone on with.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import { openDataset, openDatasetInThread } from "../../io/dataset/index.js";
import type { DatasetOptions, PictureDataset } from "../../io/dataset/index.js";
import { readJsonAs, writeJson } from "../../io/json.js";
import { documentDigest } from "../digest.js";
import { inClassesOf } from "./classes.js";
import { sizeOfTeacher } from "./config.js";
import type { TeacherConfig } from "./config.js";

/** File of the run's folder that says which pictures it is trained on. */
const FACTS = "data.json";

const facts = z.object({
  digest: z.string(),
  count: z.number(),
  /** Digest of the pictures' names, where each has a file's; runs of before have none. */
  names: z.string().optional(),
  /** Digests that the pictures had before, oldest first. */
  before: z.array(z.string()).optional(),
});

/** What the name of a picture ends with where it is a file of its own, or an entry of a zip. */
const FILE = /\.\w+$/;

/**
 * The data set of a configuration, at the network's size and channels, in a thread of its own. Close it when done.
 *
 * @param classes - names of a parent's classes, whose order the labels are to have; the set's own when absent
 * @throws FollowspotError when it is missing, damaged, or has other classes than the network
 */
export const openTeacherData = (
  config: TeacherConfig,
  signal?: AbortSignal,
  classes?: readonly string[],
): Promise<PictureDataset> => openBy(openDatasetInThread, config, signal, classes);

/** The names of its classes, where it has any. Starts no thread, for no picture is asked for. Throws as `openTeacherData`. */
export async function classesOfTeacherData(
  config: TeacherConfig,
): Promise<readonly string[] | undefined> {
  const data = await openBy(openDataset, config);
  await data.close();
  return data.classes;
}

async function openBy(
  open: (path: string, options: DatasetOptions) => Promise<PictureDataset>,
  config: TeacherConfig,
  signal?: AbortSignal,
  classes?: readonly string[],
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
  const data = await open(path, options);
  try {
    checkClasses(config, data);
    return config.unet.num_class_embeds === null ? data : inClassesOf(classes, data, path);
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
export async function checkTeacherData(
  config: TeacherConfig,
  classes?: readonly string[],
): Promise<void> {
  if (!existsSync(config.data.path)) return;
  await (await openBy(openDataset, config, undefined, classes)).close();
}

/**
 * Writes down which pictures a run is trained on, or checks that they still are those. Files of the same names may have
 * other content, as when a whole one takes a damaged one's place: `changedPictures` then tells of it.
 *
 * @throws FollowspotError when the run has seen others
 */
export async function keepFacts(folder: string, data: PictureDataset): Promise<void> {
  const { digest, count, classes } = data;
  const path = join(folder, FACTS);
  const names = namesDigest(data);
  const known = existsSync(path) ? await readJsonAs(path, facts) : undefined;
  const same = known?.digest === digest;
  if (known && same && known.names === names) return;
  if (known && !same && (names === undefined || known.names !== names)) {
    throw otherPictures(known.count, data);
  }
  const before = known && !same ? [...(known.before ?? []), known.digest] : known?.before;
  const its = { count, digest, ...(classes ? { classes } : {}) };
  await writeJson(path, { ...its, ...(names ? { names } : {}), ...(before ? { before } : {}) });
}

/** Undefined where pictures have numbers only: another file of as many would pass for the same. */
function namesDigest(data: PictureDataset): string | undefined {
  if (!FILE.test(data.nameOf(0))) return undefined;
  const names = Array.from({ length: data.count }, (_, i) => data.nameOf(i));
  // What all share is where the set lies, which may change.
  const shared = sharedStart(names);
  return documentDigest(names.map((name) => name.slice(shared)));
}

/** Length of what all of the names begin with; of a single name, what stands before its last part. */
function sharedStart([first = "", ...others]: readonly string[]): number {
  if (others.length === 0) return first.search(/[^\\/]*$/);
  let length = first.length;
  for (const name of others) {
    while (!name.startsWith(first.slice(0, length))) length--;
  }
  return length;
}

function otherPictures(expected: number, { count }: PictureDataset): FollowspotError {
  const other = count === expected ? " of other content" : "";
  return new FollowspotError(
    `resume: data: expected the ${expected} pictures that the run began with, got ${count}${other}.`,
    {
      remedy:
        "Put the data back as it was, or start a new run. In the place of a damaged file belongs a whole one of the same name.",
    },
  );
}

/** A warning where a run's pictures have changed since it began; undefined where they have not, or it has none. */
export async function changedPictures(folder: string): Promise<string | undefined> {
  const path = join(folder, FACTS);
  const times = existsSync(path) ? ((await readJsonAs(path, facts)).before?.length ?? 0) : 0;
  if (times === 0) return undefined;
  return (
    "warning: pictures of this run have other content than when it began: " +
    "it no longer ends bit for bit as one that was never stopped"
  );
}
