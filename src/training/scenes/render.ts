// From a scene to pixels: background, then the things in paint order.

import { paintBackground } from "./backgrounds.js";
import type { Drawings } from "./drawings.js";
import type { Scene, SceneThing } from "./scene.js";
import { solidSprite } from "./solids.js";
import { scaleSprite } from "./sprite.js";
import type { PixelBox, Sprite } from "./sprite.js";

function spriteOf(thing: SceneThing, drawings: Drawings): Sprite {
  return thing.colour === undefined ? drawings[thing.kind] : solidSprite(thing.kind, thing.colour);
}

function pixelBox(thing: SceneThing, size: number): PixelBox {
  const [left, top, right, bottom] = thing.box;
  return { left: left * size, top: top * size, right: right * size, bottom: bottom * size };
}

/**
 * Draw a scene; the same scene gives the same bytes.
 *
 * @param size pixels along each side
 * @returns RGB bytes, size x size x 3, rows from the top
 */
export function renderScene(scene: Scene, size: number, drawings: Drawings): Uint8Array {
  const canvas = new Float32Array(size * size * 3);
  paintBackground(scene.background, size, canvas);
  for (const thing of scene.things) {
    const { shade } = thing;
    scaleSprite(
      spriteOf(thing, drawings),
      pixelBox(thing, size),
      size,
      thing.colour === undefined && thing.mirrored,
      (pixel, red, green, blue, alpha) => {
        const behind = 1 - alpha / 255;
        const at = pixel * 3;
        canvas[at] = canvas[at]! * behind + Math.min(alpha, red * shade);
        canvas[at + 1] = canvas[at + 1]! * behind + Math.min(alpha, green * shade);
        canvas[at + 2] = canvas[at + 2]! * behind + Math.min(alpha, blue * shade);
      },
    );
  }
  const picture = new Uint8Array(canvas.length);
  for (let i = 0; i < canvas.length; i++) {
    picture[i] = Math.min(255, Math.max(0, Math.round(canvas[i]!)));
  }
  return picture;
}

/**
 * How much of each pixel one thing alone would cover, before others cover it.
 *
 * @returns size x size values in 0..1
 */
export function renderAlpha(thing: SceneThing, size: number, drawings: Drawings): Float32Array {
  const alpha = new Float32Array(size * size);
  scaleSprite(
    spriteOf(thing, drawings),
    pixelBox(thing, size),
    size,
    thing.colour === undefined && thing.mirrored,
    (pixel, _red, _green, _blue, value) => {
      alpha[pixel] = value / 255;
    },
  );
  return alpha;
}
