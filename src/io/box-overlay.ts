// Boxes with their words drawn over a picture.

import { pictureOf, sharpOf } from "./image.js";
import type { Picture } from "./image.js";
import { escapeXml, fitText, FONT_FAMILY, textWidth } from "./svg.js";

export interface DrawnBox {
  /** Left, top, right and bottom as fractions of the picture, 0 to 1. */
  readonly box: readonly [number, number, number, number];
  readonly label: string;
  /** A CSS colour; by default the next of a palette that colour-blind people can tell apart. */
  readonly colour?: string;
}

/** Okabe and Ito's palette (2008), without black. */
export const BOX_COLOURS = [
  "#d55e00",
  "#0072b2",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#f0e442",
] as const;

function boxSvg({ box, label, colour }: DrawnBox, index: number, size: Size): string {
  const { width, height, line, fontSize } = size;
  const stroke = escapeXml(colour ?? BOX_COLOURS[index % BOX_COLOURS.length]!);
  // The line runs inside the box, so that a box at the picture's edge shows whole.
  const x = box[0] * width + line / 2;
  const y = box[1] * height + line / 2;
  const w = Math.max(line, (box[2] - box[0]) * width - line);
  const h = Math.max(line, (box[3] - box[1]) * height - line);
  const rect = (extra: string) =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="none" ${extra}/>`;
  const text = fitText(label, fontSize, Math.max(w, width - x) - fontSize);
  const plate = text === "" ? 0 : Math.min(textWidth(text, fontSize) + fontSize * 0.6, width - x);
  return (
    rect(`stroke="#000" stroke-opacity="0.6" stroke-width="${line + 2}"`) +
    rect(`stroke="${stroke}" stroke-width="${line}"`) +
    `<rect x="${x}" y="${y}" width="${plate}" height="${fontSize * 1.4}" fill="${stroke}"/>` +
    `<text x="${x + fontSize * 0.3}" y="${y + fontSize * 1.05}" fill="#fff" stroke="#000" ` +
    `stroke-width="${fontSize / 6}" paint-order="stroke">${escapeXml(text)}</text>`
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
  readonly line: number;
  readonly fontSize: number;
}

/**
 * A copy of a picture with boxes and their labels drawn over it, `scale` times as large (a small
 * picture's labels are unreadable otherwise).
 *
 * Throws FollowspotError when the picture's bytes are not of its size.
 */
export async function drawBoxes(
  picture: Picture,
  boxes: readonly DrawnBox[],
  options: { scale?: number } = {},
): Promise<Picture> {
  const { scale = 1 } = options;
  const width = Math.round(picture.width * scale);
  const height = Math.round(picture.height * scale);
  const short = Math.min(width, height);
  const line = Math.max(2, Math.round(short / 128));
  const fontSize = Math.max(10, Math.round(short / 24));
  const size = { width, height, line, fontSize };
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `font-family="${FONT_FAMILY}" font-size="${fontSize}">` +
    `${boxes.map((box, index) => boxSvg(box, index, size)).join("")}</svg>`;
  const larger = await pictureOf(sharpOf(picture).resize(width, height, { fit: "fill" }));
  const overlay = { input: Buffer.from(svg), left: 0, top: 0 };
  return pictureOf(sharpOf(larger).composite([overlay]).removeAlpha());
}
