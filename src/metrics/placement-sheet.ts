// A sheet of unselected pictures: each with the boxes asked for and the judge's finds, and its prompt below.

import { drawBoxes } from "../io/box-overlay.js";
import { contactSheet } from "../io/contact-sheet.js";
import type { Picture } from "../io/image.js";
import type { ProtocolTriple } from "../training/scenes/index.js";
import type { Detection } from "./detector/decode.js";
import { matchTargets } from "./placement.js";

const COLUMNS = 6;
const SHOWN_SIDE = 192; // pixels
const ASKED = "#111111";
const FOUND = "#ff2fd0";

/**
 * A PNG file: picture `i` is of triple `i`, with `finds[i]`. Boxes asked for are dark, finds of what
 * was asked for are pink.
 */
export async function placementSheet(
  pictures: readonly Picture[],
  triples: readonly ProtocolTriple[],
  finds: readonly (readonly Detection[])[],
): Promise<Uint8Array> {
  const drawn = await Promise.all(
    pictures.map((picture, index) => marked(picture, triples[index]!, finds[index]!)),
  );
  return contactSheet(
    drawn,
    COLUMNS,
    triples.map(({ prompt }) => prompt),
  );
}

function marked(
  picture: Picture,
  { boxes }: ProtocolTriple,
  finds: readonly Detection[],
): Promise<Picture> {
  const asked = boxes.map(({ words, box }) => ({ box, label: words, colour: ASKED }));
  const found = matchTargets(finds, boxes)
    .filter((find) => find !== undefined)
    .map(({ box }) => ({ box, label: "", colour: FOUND }));
  const scale = SHOWN_SIDE / Math.max(picture.width, picture.height);
  return drawBoxes(picture, [...asked, ...found], { scale });
}
