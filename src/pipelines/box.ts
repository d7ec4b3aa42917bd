// Boxes as people write them: `WORDS=x0,y0,x1,y1` in fractions, percent or pixels, or `WORDS=top-left`.
import type { Box } from "../core/box.js";
import { FollowspotError } from "../core/errors.js";

export type { Box } from "../core/box.js";

/** Width and height in pixels. */
export type Size = readonly [width: number, height: number];

/** A box and the words of the prompt that it belongs to. */
export interface WordBox {
  words: string;
  box: Box;
}

/** What a box is measured against. */
export interface BoxScale {
  /** The picture's size; pixel boxes need it. */
  size?: Size;
  /** Side of an attention cell in pixels; needs `size`. Smaller boxes are refused. */
  cell?: number;
}

/** Boxes that have a name: halves, quarters and the middle. */
export const NAMED_BOXES: Readonly<Record<string, Box>> = {
  left: [0, 0, 0.5, 1],
  right: [0.5, 0, 1, 1],
  top: [0, 0, 1, 0.5],
  bottom: [0, 0.5, 1, 1],
  center: [0.25, 0.25, 0.75, 0.75],
  "top-left": [0, 0, 0.5, 0.5],
  "top-right": [0.5, 0, 1, 0.5],
  "bottom-left": [0, 0.5, 0.5, 1],
  "bottom-right": [0.5, 0.5, 1, 1],
};

const FORM = 'Write WORDS=x0,y0,x1,y1, such as "red cube=0.3,0.05,0.7,0.45".';
const ORDER = "The order is left, top, right, bottom.";
const UNITS = "Use fractions (0.3), percent (30%) or pixels (30px).";

/** Words as they are compared: one space between them, no case. */
export const normaliseWords = (words: string): string =>
  words.trim().replace(/\s+/g, " ").toLowerCase();

/**
 * Reads one `--box` value; the last "=" parts the words from the box.
 *
 * @throws FollowspotError if the form, a number, the order or the extent is wrong.
 * @example parseBox("red cube=30%,5%,70%,45%") // { words: "red cube", box: [0.3, 0.05, 0.7, 0.45] }
 */
export function parseBox(text: string, scale: BoxScale = {}): WordBox {
  const split = text.lastIndexOf("=");
  const words = text.slice(0, Math.max(split, 0)).trim().replace(/\s+/g, " ");
  if (words === "") {
    throw new FollowspotError(`box: expected WORDS=BOX, got "${text}".`, { remedy: FORM });
  }
  const extent = text.slice(split + 1).trim();
  const box = namedBox(extent) ?? parseEdges(words, extent, scale.size);
  checkBox(words, box, scale);
  return { words, box };
}

/**
 * Reads several boxes.
 *
 * @throws FollowspotError as parseBox, or if two boxes are for the same words.
 */
export function parseBoxes(texts: readonly string[], scale: BoxScale = {}): WordBox[] {
  const boxes = texts.map((text) => parseBox(text, scale));
  checkDistinct(boxes);
  return boxes;
}

/** @throws FollowspotError if two boxes are for the same words. */
export function checkDistinct(boxes: readonly WordBox[]): void {
  const seen = new Set<string>();
  for (const { words } of boxes) {
    const key = normaliseWords(words);
    if (seen.has(key)) {
      throw new FollowspotError(`box: expected one box per phrase, got two for "${words}".`, {
        remedy: `If the words stand twice in the prompt, write "${words}#2" for the second.`,
      });
    }
    seen.add(key);
  }
}

/** Checks order, extent and, where the scale tells a cell, that the box covers at least one. */
export function checkBox(words: string, box: Box, { size, cell }: BoxScale = {}): void {
  // Programs without types call this too.
  if (!Array.isArray(box) || box.length !== 4 || !box.every(Number.isFinite)) {
    throw new FollowspotError(
      `box "${words}": expected four numbers (left, top, right, bottom), got ${JSON.stringify(box)}.`,
      { remedy: ORDER },
    );
  }
  const [x0, y0, x1, y1] = box;
  const text = `${x0},${y0},${x1},${y1}`;
  if (box.some((edge) => edge < 0 || edge > 1)) {
    const remedy = box.some((edge) => edge > 1) ? UNITS : "";
    throw new FollowspotError(
      `box "${words}": expected edges inside the picture (0 to 1), got ${text}.`,
      { remedy },
    );
  }
  if (x0 >= x1 || y0 >= y1) {
    const [low, high] = x0 >= x1 ? ["left", "right"] : ["top", "bottom"];
    throw new FollowspotError(`box "${words}": expected ${low} < ${high}, got ${text}.`, {
      remedy: ORDER,
    });
  }
  if (size && cell) checkCell(words, box, size, cell);
}

function checkCell(words: string, [x0, y0, x1, y1]: Box, size: Size, cell: number): void {
  const width = (x1 - x0) * size[0];
  const height = (y1 - y0) * size[1];
  // Fractions of pixels are not exact: a box of one cell must not fail by a rounding error.
  if (width >= cell - 1e-6 && height >= cell - 1e-6) return;
  const least = [cell / size[0], cell / size[1]].map(shorten).join(" x ");
  throw new FollowspotError(
    `box "${words}": expected at least one attention cell (${cell} x ${cell} pixels), ` +
      `got ${shorten(width)} x ${shorten(height)}.`,
    { remedy: `Draw it at least ${least} of the picture large.` },
  );
}

function namedBox(name: string): Box | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(NAMED_BOXES, key) ? NAMED_BOXES[key] : undefined;
}

function parseEdges(words: string, text: string, size: Size | undefined): Box {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.length !== 4) {
    const names = Object.keys(NAMED_BOXES).join(", ");
    throw new FollowspotError(`box "${words}": expected four numbers or a name, got "${text}".`, {
      remedy: `Names: ${names}.`,
    });
  }
  const edges = parts.map((part) => parseEdge(words, part));
  const units = new Set(edges.filter(({ value }) => value !== 0).map(({ unit }) => unit));
  if (units.size > 1) {
    throw new FollowspotError(`box "${words}": expected one unit, got "${text}".`, {
      remedy: UNITS,
    });
  }
  const unit = [...units][0] ?? "";
  if (unit === "px" && size === undefined) {
    throw new FollowspotError(`box "${words}": pixels need the picture's size, got "${text}".`, {
      remedy: "Give the size, or use fractions or percent.",
    });
  }
  const [width, height] = unit === "px" ? size! : unit === "%" ? [100, 100] : [1, 1];
  const [x0, y0, x1, y1] = edges.map(({ value }) => value) as [number, number, number, number];
  return [x0 / width, y0 / height, x1 / width, y1 / height];
}

function parseEdge(words: string, text: string): { value: number; unit: string } {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%|px)?$/i.exec(text);
  if (!match) {
    throw new FollowspotError(`box "${words}": expected a number, got "${text}".`, {
      remedy: UNITS,
    });
  }
  return { value: Number(match[1]), unit: (match[2] ?? "").toLowerCase() };
}

/** The command line's form, from which parseBox reads the same numbers. */
export const formatBox = ({ words, box }: WordBox): string => `${words}=${box.join(",")}`;

const shorten = (value: number): string => String(Number(value.toPrecision(3)));
