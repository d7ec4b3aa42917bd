// The PNG files of one picture: itself, beside the plain one, under its boxes, under a word's heat map.

import { drawBoxes } from "../io/box-overlay.js";
import { contactSheet } from "../io/contact-sheet.js";
import { encodePng } from "../io/png.js";
import type { Picture } from "../io/image.js";
import { writePngText } from "../io/png-text.js";
import type { DrawnImage, DrawRequest } from "./draw-request.js";
import { pngTexts } from "./recipe-file.js";
import type { DrawnPicture } from "./text-to-image-pipeline.js";

/** Small pictures are enlarged to about this many pixels a side before labels are drawn on them. */
const OVERLAY_SIDE = 512;

/** The files that a request asks for, the picture first. `plain` is the picture without placement. */
export async function picturesOf(
  request: DrawRequest,
  { picture, heatmaps, boxes: placed }: DrawnPicture,
  plain: DrawnPicture | undefined,
): Promise<DrawnImage[]> {
  const texts = pngTexts(request.recipe);
  const png = ({ data, width, height }: Picture): Promise<Uint8Array> =>
    encodePng(data, width, height, texts);
  const images: DrawnImage[] = [{ role: "picture", png: await png(picture) }];
  if (plain) {
    const labels = ["placed", "plain"];
    const sheet = await contactSheet([picture, plain.picture], 2, labels);
    images.push({ role: "compare", png: writePngText(sheet, texts) });
  }
  if (request.overlay) {
    const boxes = request.recipe.boxes.map(({ box, words }) => ({ box, label: words }));
    images.push({
      role: "overlay",
      png: await png(await drawBoxes(picture, boxes, scaleOf(picture))),
    });
  }
  for (const { word, tokens, picture: map } of heatmaps) {
    const positions = new Set(tokens.map(({ index }) => index));
    const boxes = request.recipe.boxes
      .filter((_, i) => placed[i]!.tokens.some(({ index }) => positions.has(index)))
      .map(({ box, words }) => ({ box, label: words }));
    images.push({
      role: "heatmap",
      word,
      png: await png(await drawBoxes(map, boxes, scaleOf(map))),
    });
  }
  return images;
}

function scaleOf({ width, height }: Picture): { scale: number } {
  return { scale: Math.max(1, Math.round(OVERLAY_SIDE / Math.min(width, height))) };
}
