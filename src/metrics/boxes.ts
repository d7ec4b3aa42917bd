// Boxes as areas: how much two of them share, and where a centre lies.

import type { Box } from "../training/scenes/index.js";

/** Width times height; 0 for a box that is turned inside out. */
export function areaOf([left, top, right, bottom]: Box): number {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

/** Shared area over joint area, 0..1; 0 for boxes that do not meet. */
export function intersectionOverUnion(a: Box, b: Box): number {
  // Each side is cut at 0 by itself: two negative sides would make a positive area.
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const shared = width * height;
  const joint = areaOf(a) + areaOf(b) - shared;
  return joint > 0 ? shared / joint : 0;
}

/** The middle of a box, x and y. */
export function centreOf([left, top, right, bottom]: Box): readonly [x: number, y: number] {
  return [(left + right) / 2, (top + bottom) / 2];
}

/** Whether the middle of `thing` lies in `box`, its edges included. */
export function centreIn(thing: Box, box: Box): boolean {
  const [x, y] = centreOf(thing);
  return x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];
}
