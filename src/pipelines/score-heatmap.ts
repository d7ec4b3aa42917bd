// A word's attention as colours over the picture.

import type { Picture } from "../io/image.js";
import { bilinear } from "./score-attention.js";
import type { AttentionMap } from "./score-attention.js";

/** Colours from no attention to the most: dark violet, red, orange, light yellow. */
const RAMP = [
  [10, 7, 46],
  [101, 21, 110],
  [212, 72, 66],
  [250, 164, 26],
  [252, 255, 190],
] as const;

/** Share of the colour over the picture. */
const OPACITY = 0.72;

/** The map's values, stretched to the picture's size, as colours over the picture in grey. */
export function heatmapOver(picture: Picture, map: AttentionMap): Picture {
  const { width, height, data } = picture;
  const values = map.values;
  const pixels = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      const colour = rampAt(bilinear(values, map, (x + 0.5) / width, (y + 0.5) / height));
      const grey = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      colour.forEach((value, channel) => {
        pixels[at + channel] = Math.round(OPACITY * value + (1 - OPACITY) * grey);
      });
    }
  }
  return { width, height, data: pixels };
}

function rampAt(value: number): [number, number, number] {
  const place = Math.min(Math.max(value, 0), 1) * (RAMP.length - 1);
  const low = Math.min(Math.floor(place), RAMP.length - 2);
  const share = place - low;
  return [0, 1, 2].map(
    (channel) => RAMP[low]![channel]! * (1 - share) + RAMP[low + 1]![channel]! * share,
  ) as [number, number, number];
}
