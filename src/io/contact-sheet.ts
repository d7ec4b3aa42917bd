// Many pictures on one sheet, in rows, with a label under each.

import sharp from "sharp";
import type { OverlayOptions } from "sharp";

import { FollowspotError } from "../core/errors.js";
import { pictureOf, sharpOf } from "./image.js";
import type { Picture } from "./image.js";
import { encodePng } from "./png.js";
import { escapeXml, FONT_FAMILY, wrapText } from "./svg.js";

const GAP = 8; // pixels
const LINES_MAX = 3;
const FONT_SIZE_MIN = 10; // pixels
const FONT_SIZE_MAX = 18;
const LINE_HEIGHT = 1.3; // of the font size

interface Layout {
  readonly columns: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly fontSize: number;
  /** The label of each picture, in lines. */
  readonly labels: readonly string[][];
  /** Height of the strip for labels under each row. */
  readonly labelHeight: number;
}

function layOut(pictures: readonly Picture[], columns: number, labels: readonly string[]): Layout {
  const cellWidth = Math.max(...pictures.map(({ width }) => width));
  const cellHeight = Math.max(...pictures.map(({ height }) => height));
  const fontSize = Math.min(FONT_SIZE_MAX, Math.max(FONT_SIZE_MIN, Math.round(cellWidth / 16)));
  const wrapped = labels.map((label) => wrapText(label, fontSize, cellWidth, LINES_MAX));
  const lines = Math.max(0, ...wrapped.map(({ length }) => length));
  const labelHeight = Math.ceil(lines * fontSize * LINE_HEIGHT);
  return { columns, cellWidth, cellHeight, fontSize, labels: wrapped, labelHeight };
}

/** The upper left corner of a cell. */
function cornerOf(index: number, layout: Layout): { x: number; y: number } {
  const { columns, cellWidth, cellHeight, labelHeight } = layout;
  return {
    x: GAP + (index % columns) * (cellWidth + GAP),
    y: GAP + Math.floor(index / columns) * (cellHeight + labelHeight + GAP),
  };
}

function labelsSvg(width: number, height: number, layout: Layout): Buffer {
  const { cellWidth, cellHeight, fontSize } = layout;
  const texts = layout.labels.flatMap((lines, index) => {
    const { x, y } = cornerOf(index, layout);
    return lines.map((line, i) => {
      const baseline = y + cellHeight + fontSize * (1.1 + i * LINE_HEIGHT);
      return `<text x="${x + cellWidth / 2}" y="${baseline}">${escapeXml(line)}</text>`;
    });
  });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `font-family="${FONT_FAMILY}" font-size="${fontSize}" text-anchor="middle" fill="#222">` +
      `${texts.join("")}</svg>`,
  );
}

/**
 * A PNG file with the pictures in rows of `columns` on white, each centred in a cell as large as
 * the largest, and `labels[i]` under picture i (wrapped to three lines at most, then cut).
 *
 * Throws FollowspotError without pictures, or with more labels than pictures.
 */
export async function contactSheet(
  pictures: readonly Picture[],
  columns: number,
  labels: readonly string[] = [],
): Promise<Uint8Array> {
  if (pictures.length === 0 || !Number.isInteger(columns) || columns < 1) {
    throw new FollowspotError(
      `contact sheet: expected pictures and at least 1 column, got ${pictures.length} in ${columns}.`,
    );
  }
  if (labels.length > pictures.length) {
    throw new FollowspotError(
      `contact sheet: expected at most ${pictures.length} labels, got ${labels.length}.`,
    );
  }
  const layout = layOut(pictures, Math.min(columns, pictures.length), labels);
  const rows = Math.ceil(pictures.length / layout.columns);
  const width = GAP + layout.columns * (layout.cellWidth + GAP);
  const height = GAP + rows * (layout.cellHeight + layout.labelHeight + GAP);
  const parts: OverlayOptions[] = await Promise.all(
    pictures.map((picture, index) => placed(picture, index, layout)),
  );
  if (layout.labelHeight > 0)
    parts.push({ input: labelsSvg(width, height, layout), left: 0, top: 0 });
  const paper = sharp({ create: { width, height, channels: 3, background: "white" } });
  const sheet = await pictureOf(paper.composite(parts).removeAlpha());
  return encodePng(sheet.data, sheet.width, sheet.height);
}

async function placed(picture: Picture, index: number, layout: Layout): Promise<OverlayOptions> {
  const { x, y } = cornerOf(index, layout);
  return {
    input: await sharpOf(picture).png().toBuffer(),
    left: x + Math.floor((layout.cellWidth - picture.width) / 2),
    top: y + Math.floor((layout.cellHeight - picture.height) / 2),
  };
}
