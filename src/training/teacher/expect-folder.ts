// Whether a folder is that of a teacher or a student, and what to do where it is not.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { readJsonObject } from "../../io/json.js";
import type { JsonObject } from "../../io/json.js";
import { MODEL_INDEX, OWN_FILE } from "../../io/model-source.js";
import { shippedPath } from "../run/shipped.js";

/** Networks of pixels, and of pictures from words. */
const PIXELS = "UNet2DModel";
const WORDS = "UNet2DConditionModel";

/** The class of a pipeline's network, as its index names it. */
function networkOf({ unet }: JsonObject): unknown {
  return Array.isArray(unet) ? (unet as unknown[])[1] : undefined;
}

/** Whether a folder holds a model of pixels, by its index. Throws FollowspotError when that is damaged. */
export async function isTeacherFolder(folder: string): Promise<boolean> {
  const index = join(folder, MODEL_INDEX);
  if (!existsSync(index) || !existsSync(join(folder, OWN_FILE))) return false;
  return networkOf(await readJsonObject(index)) === PIXELS;
}

/**
 * Checks that there is a teacher or a student; one that is not there is looked for in the package.
 *
 * @throws FollowspotError that says what is there instead, and where the model may be
 */
export async function expectTeacherFolder(name: string): Promise<void> {
  const folder = shippedPath(name);
  if (await isTeacherFolder(folder)) return;
  const expected = `model: ${name}: expected the folder of a teacher or a student, with ${OWN_FILE}`;
  const inside = join(folder, "model");
  if (!existsSync(folder)) {
    throw new FollowspotError(`${expected}, got none of that name.`, {
      remedy: "Train it first, or name the one that you have.",
    });
  }
  if (await isTeacherFolder(inside)) {
    throw new FollowspotError(`${expected}, got the folder of a run.`, {
      remedy: `Its model is ${join(name, "model")}.`,
    });
  }
  if (!existsSync(join(folder, MODEL_INDEX))) {
    throw new FollowspotError(`${expected}, got something without it.`, {
      remedy: "Trained models are in the folder model/ of a finished run.",
    });
  }
  const { got, remedy } = otherModel(await readJsonObject(join(folder, MODEL_INDEX)));
  throw new FollowspotError(`${expected}, got ${got}.`, { remedy });
}

/** What a folder with an index holds instead, and what can be done with it. */
function otherModel(index: JsonObject): { got: string; remedy: string } {
  const kind = index["_class_name"];
  const trained =
    "Models of pixels are read as followspot train writes them, with all their files.";
  if (typeof kind !== "string") {
    return { got: `a ${MODEL_INDEX} that names no pipeline (_class_name)`, remedy: trained };
  }
  const network = networkOf(index);
  if (network === PIXELS) return { got: `the pipeline ${kind} without that file`, remedy: trained };
  if (network === WORDS) {
    return {
      got: `the pipeline ${kind}`,
      remedy: "Pictures from words are drawn by followspot draw.",
    };
  }
  return { got: `the pipeline ${kind}`, remedy: trained };
}
