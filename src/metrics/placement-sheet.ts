// A sheet of unselected pictures: each with the boxes asked for and perhaps the judge's finds, its prompt below.

import sharp from "sharp";
import { drawBoxes } from "../io/box-overlay.js";
import { contactSheet } from "../io/contact-sheet.js";
import type { Picture } from "../io/image.js";
import type { ProtocolTriple } from "../training/scenes/index.js";
import type { Detection } from "./detector/decode.js";
import { matchTargets } from "./placement.js";

/** How a sheet is laid out. */
export interface SheetLayout {
  readonly columns: number;
  /** Pixels along the longer side of a picture. */
  readonly side: number;
}

// No words in the pictures: they would hide what the eye is to judge.
const ASKED = ["#111111", "#ffffff"] as const;
const FOUND = "#ff2fd0";

/**
 * A PNG file of 256 colours: picture `i` is of triple `i`, with `captions[i]` below it. The box of the thing that the prompt
 * names first is dark, the second's white; where `finds[i]` are given, those of what was asked for are pink.
 */
export async function placementSheet(
  pictures: readonly Picture[],
  triples: readonly ProtocolTriple[],
  captions: readonly string[],
  { columns, side }: SheetLayout,
  finds: readonly (readonly Detection[])[] = [],
): Promise<Uint8Array> {
  const drawn = await Promise.all(
    pictures.map((picture, index) => marked(picture, triples[index]!, finds[index] ?? [], side)),
  );
  const png = await contactSheet(drawn, columns, captions);
  // A fifth of the bytes that all colours would take, and a sheet is only looked at.
  return sharp(png).png({ palette: true, compressionLevel: 9, effort: 8 }).toBuffer();
}

function marked(
  picture: Picture,
  { boxes }: ProtocolTriple,
  finds: readonly Detection[],
  side: number,
): Promise<Picture> {
  const asked = boxes.map(({ box }, index) => ({ box, label: "", colour: ASKED[index]! }));
  const found = matchTargets(finds, boxes)
    .filter((find) => find !== undefined)
    .map(({ box }) => ({ box, label: "", colour: FOUND }));
  const scale = side / Math.max(picture.width, picture.height);
  return drawBoxes(picture, [...asked, ...found], { scale });
}
