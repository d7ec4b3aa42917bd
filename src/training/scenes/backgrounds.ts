// The backgrounds: two graded zones that meet at a soft, gently curved horizon.

import type { BackgroundName } from "./kinds.js";
import type { SceneBackground } from "./scene.js";

type Rgb = readonly [number, number, number];

interface Look {
  readonly sky: readonly [Rgb, Rgb]; // colour at the top and at the horizon
  readonly ground?: readonly [Rgb, Rgb]; // colour at the horizon and at the bottom
  readonly hills: number; // height of the horizon's waves, fraction of the picture
}

/** Pale on purpose: every colour of a solid must stand out from all of them. */
const LOOKS: Record<BackgroundName, Look> = {
  meadow: {
    sky: [
      [176, 214, 240],
      [214, 234, 244],
    ],
    ground: [
      [164, 208, 128],
      [134, 186, 104],
    ],
    hills: 0.035,
  },
  beach: {
    sky: [
      [120, 190, 222],
      [150, 212, 226],
    ],
    ground: [
      [244, 226, 180],
      [232, 206, 150],
    ],
    hills: 0.012,
  },
  desert: {
    sky: [
      [250, 226, 180],
      [250, 236, 208],
    ],
    ground: [
      [222, 172, 118],
      [200, 146, 96],
    ],
    hills: 0.05,
  },
  "night sky": {
    sky: [
      [28, 32, 88],
      [74, 82, 150],
    ],
    hills: 0,
  },
  snow: {
    sky: [
      [168, 186, 206],
      [196, 208, 222],
    ],
    ground: [
      [236, 241, 246],
      [216, 226, 236],
    ],
    hills: 0.03,
  },
  room: {
    sky: [
      [226, 208, 214],
      [214, 194, 202],
    ],
    ground: [
      [176, 138, 114],
      [156, 118, 96],
    ],
    hills: 0,
  },
  sea: {
    sky: [
      [200, 224, 240],
      [226, 238, 244],
    ],
    ground: [
      [98, 158, 204],
      [60, 118, 176],
    ],
    hills: 0.008,
  },
  grey: {
    sky: [
      [216, 216, 216],
      [196, 196, 196],
    ],
    hills: 0,
  },
};

/**
 * Paint a background.
 *
 * @param picture RGB, size x size x 3, values 0..255, overwritten
 */
export function paintBackground(
  background: SceneBackground,
  size: number,
  picture: Float32Array,
): void {
  const { sky, ground, hills } = LOOKS[background.name];
  for (let x = 0; x < size; x++) {
    const wave = hills * Math.sin((5 * (x + 0.5)) / size + background.phase);
    const horizon = ground ? (background.horizon + wave) * size : size;
    for (let y = 0; y < size; y++) {
      const above = Math.min(1, Math.max(0, horizon - y)); // share of the cell above the horizon
      const down = (y + 0.5) / size;
      const skyDepth = Math.min(1, (down * size) / horizon);
      const groundDepth = ground ? Math.max(0, (y + 0.5 - horizon) / (size - horizon)) : 0;
      for (let k = 0; k < 3; k++) {
        const high = sky[0][k]! + (sky[1][k]! - sky[0][k]!) * skyDepth;
        const low = ground ? ground[0][k]! + (ground[1][k]! - ground[0][k]!) * groundDepth : 0;
        picture[(y * size + x) * 3 + k] = (above * high + (1 - above) * low) * background.shade;
      }
    }
  }
}
