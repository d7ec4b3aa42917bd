// The pictures of an evaluation's run: those that stay on disk, and the sheet of the first of them.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../io/atomic.js";
import { decodeImage } from "../io/image.js";
import type { Picture } from "../io/image.js";
import { encodePng } from "../io/png.js";
import type { ProtocolTriple } from "../training/scenes/index.js";
import type { Detection } from "./detector/index.js";
import { placementSheet } from "./placement-sheet.js";

/** Pictures of each method that stay on disk, the first of the list: enough to label by eye. */
export const KEPT_PICTURES = 60;
/** Pictures of a sheet, the first of the list. */
export const SHEET_PICTURES = 24;
const LAYOUT = { columns: 6, side: 192 };

/** Where a run's folder keeps a triple's picture by a method. */
export function picturePath(folder: string, method: string, id: string): string {
  return join(folder, "pictures", method, `${id}.png`);
}

/** Keeps a picture. Throws FollowspotError when it cannot be written. */
export async function savePicture(path: string, { data, width, height }: Picture): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFileAtomic(path, await encodePng(data, width, height));
}

/** The name of a method's sheet. */
export function sheetName(method: string): string {
  return `sheet-${method.replaceAll(" ", "-")}.png`;
}

/**
 * Writes the sheet of a method into `target`, from the pictures that the run's `folder` keeps.
 *
 * @param finds the detector's, triple by triple
 */
export async function writeSheet(
  target: string,
  folder: string,
  method: string,
  triples: readonly ProtocolTriple[],
  finds: readonly (readonly Detection[])[],
): Promise<void> {
  const shown = triples.slice(0, SHEET_PICTURES);
  const pictures = await Promise.all(
    shown.map(async ({ id }) => decodeImage(await readFile(picturePath(folder, method, id)))),
  );
  const captions = shown.map(({ prompt }) => prompt);
  const sheet = await placementSheet(pictures, shown, captions, LAYOUT, finds);
  await writeFileAtomic(join(target, sheetName(method)), sheet);
}
