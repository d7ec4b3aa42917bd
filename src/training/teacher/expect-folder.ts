// Whether a folder is that of a teacher or a student, and what to do where it is not.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { readJsonObject } from "../../io/json.js";
import { MODEL_INDEX, OWN_FILE } from "../../io/model-source.js";
import { shippedPath } from "../run/shipped.js";

/** Whether a folder holds a model of pixels, by its index. Throws FollowspotError when that is damaged. */
export async function isTeacherFolder(folder: string): Promise<boolean> {
  const index = join(folder, MODEL_INDEX);
  if (!existsSync(index) || !existsSync(join(folder, OWN_FILE))) return false;
  const { unet } = await readJsonObject(index);
  return Array.isArray(unet) && unet[1] === "UNet2DModel";
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
  const { _class_name: kind } = await readJsonObject(join(folder, MODEL_INDEX));
  throw new FollowspotError(`${expected}, got a ${String(kind)}.`, {
    remedy: "Models of pictures from words are drawn with by followspot draw.",
  });
}
