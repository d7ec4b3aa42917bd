// Which pixels could be of a solid's colour: hue, saturation and value, where the pale backgrounds are known to differ.

import type { Picture } from "../io/image.js";
import { COLOURS } from "../training/scenes/index.js";
import type { Colour } from "../training/scenes/index.js";
import type { Mask } from "./regions.js";

/** Hue in degrees, saturation and value in 0..1. */
type Hsv = readonly [hue: number, saturation: number, value: number];

function hsvOf(red: number, green: number, blue: number): Hsv {
  const high = Math.max(red, green, blue);
  const range = high - Math.min(red, green, blue);
  if (range === 0) return [0, 0, high / 255];
  const sixth =
    high === red
      ? (green - blue) / range
      : high === green
        ? 2 + (blue - red) / range
        : 4 + (red - green) / range;
  return [(sixth * 60 + 360) % 360, range / high, high / 255];
}

interface HueRange {
  /** Degrees; `from` above `to` runs through 0. */
  readonly from: number;
  readonly to: number;
  /** Least saturation: above that of every background in the range. */
  readonly saturation: number;
  readonly value: number;
}

/**
 * Where the paints lie, shaded or in outline: shading scales value and leaves hue and saturation.
 * The nearest backgrounds are the desert's sand (hue 29, saturation 0.52), the meadow (98, 0.44), the
 * sea (210, 0.66) and the night sky (236, 0.68).
 */
const HUES: Partial<Record<Colour, HueRange>> = {
  red: { from: 345, to: 14, saturation: 0.55, value: 0.3 },
  orange: { from: 14, to: 40, saturation: 0.68, value: 0.3 },
  yellow: { from: 40, to: 66, saturation: 0.55, value: 0.3 },
  green: { from: 112, to: 165, saturation: 0.5, value: 0.2 },
  blue: { from: 216, to: 240, saturation: 0.73, value: 0.38 },
  purple: { from: 262, to: 310, saturation: 0.45, value: 0.25 },
};

function inRange(hue: number, { from, to }: HueRange): boolean {
  return from <= to ? hue >= from && hue < to : hue >= from || hue < to;
}

const GREY_SATURATION = 0.09; // of a white solid, its shades and its outline
const WHITE_VALUE = 0.375; // of its darkest shade
const BLACK_VALUE = 0.36;
const BLACK_RANGE = 26; // largest difference of the channels of a black solid
const BACKGROUND_DISTANCE = 14; // RGB distance below which a grey pixel belongs to the background
const EDGE = 6; // columns at each side that tell a row's background

/** The masks of all colours of a picture. */
export function colourMasks({ width, height, data }: Picture): Record<Colour, Mask> {
  const masks = Object.fromEntries(
    COLOURS.map((colour) => [colour, new Uint8Array(width * height)]),
  ) as Record<Colour, Mask>;
  for (let y = 0; y < height; y++) {
    const sides = sidesOf(data, width, y);
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const rgb = [data[at]!, data[at + 1]!, data[at + 2]!] as const;
      const colour = colourOf(rgb, sides);
      if (colour) masks[colour][y * width + x] = 1;
    }
  }
  return masks;
}

type Rgb = readonly [number, number, number];

/** The median colours of a row's two ends. */
function sidesOf(data: Uint8Array, width: number, y: number): Rgb[] {
  return [0, width - EDGE].map((start) => {
    const channel = (k: number): number => {
      const values = Array.from({ length: EDGE }, (_, i) => data[(y * width + start + i) * 3 + k]!);
      return values.sort((a, b) => a - b)[EDGE >> 1]!;
    };
    return [channel(0), channel(1), channel(2)] as const;
  });
}

function colourOf(rgb: Rgb, sides: readonly Rgb[]): Colour | undefined {
  const [hue, saturation, value] = hsvOf(...rgb);
  if (value < BLACK_VALUE && Math.max(...rgb) - Math.min(...rgb) < BLACK_RANGE) return "black";
  for (const colour of COLOURS) {
    const range = HUES[colour];
    if (!range || !inRange(hue, range)) continue;
    if (saturation >= range.saturation && value >= range.value) return colour;
  }
  if (saturation > GREY_SATURATION || value < WHITE_VALUE) return undefined;
  const asBackground = sides.some(
    (side) => Math.hypot(...rgb.map((v, k) => v - side[k]!)) < BACKGROUND_DISTANCE,
  );
  return asBackground ? undefined : "white";
}
