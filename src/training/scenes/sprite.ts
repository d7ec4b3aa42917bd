// A thing drawn once at high resolution, and its compositing into a picture by exact area averaging.

/** Premultiplied RGBA, rows from the top, values 0..255 (alpha too), cropped to what is drawn. */
export interface Sprite {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array; // height x width x 4
}

/** How much each source cell gives to each target cell, in target cells; one run per target cell. */
interface Weights {
  readonly first: number; // index of the first target cell
  readonly runs: readonly { readonly start: number; readonly weights: Float32Array }[];
}

/** Area weights that map `count` source cells onto the span [from, to] of `limit` target cells. */
function areaWeights(count: number, from: number, to: number, limit: number): Weights {
  const scale = (to - from) / count;
  const first = Math.max(0, Math.floor(from));
  const last = Math.min(limit, Math.ceil(to));
  const runs = [];
  for (let cell = first; cell < last; cell++) {
    const start = Math.max(0, Math.floor((cell - from) / scale));
    const end = Math.min(count, Math.ceil((cell + 1 - from) / scale));
    const weights = new Float32Array(Math.max(0, end - start));
    for (let i = start; i < end; i++) {
      const low = Math.max(cell, from + i * scale);
      const high = Math.min(cell + 1, from + (i + 1) * scale);
      weights[i - start] = Math.max(0, high - low);
    }
    runs.push({ start, weights });
  }
  return { first, runs };
}

/** Average each row of a sprite into the target columns: height x columns x 4. */
function averageRows(sprite: Sprite, columns: Weights, mirrored: boolean): Float32Array {
  const { width, height, data } = sprite;
  const wide = columns.runs.length;
  const result = new Float32Array(height * wide * 4);
  for (let y = 0; y < height; y++) {
    for (let c = 0; c < wide; c++) {
      const { start, weights } = columns.runs[c]!;
      let red = 0;
      let green = 0;
      let blue = 0;
      let alpha = 0;
      for (let i = 0; i < weights.length; i++) {
        const column = mirrored ? width - 1 - start - i : start + i;
        const at = (y * width + column) * 4;
        const weight = weights[i]!;
        red += weight * data[at]!;
        green += weight * data[at + 1]!;
        blue += weight * data[at + 2]!;
        alpha += weight * data[at + 3]!;
      }
      result.set([red, green, blue, alpha], (y * wide + c) * 4);
    }
  }
  return result;
}

/** A rectangle in pixels; edges need not be whole. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Visit each pixel a sprite touches with its premultiplied colour and alpha, all 0..255. */
export function scaleSprite(
  sprite: Sprite,
  box: PixelBox,
  size: number,
  mirrored: boolean,
  visit: (pixel: number, red: number, green: number, blue: number, alpha: number) => void,
): void {
  const columns = areaWeights(sprite.width, box.left, box.right, size);
  const rows = areaWeights(sprite.height, box.top, box.bottom, size);
  const wide = columns.runs.length;
  const averaged = averageRows(sprite, columns, mirrored);
  for (let r = 0; r < rows.runs.length; r++) {
    const { start, weights } = rows.runs[r]!;
    for (let c = 0; c < wide; c++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let alpha = 0;
      for (let i = 0; i < weights.length; i++) {
        const at = ((start + i) * wide + c) * 4;
        const weight = weights[i]!;
        red += weight * averaged[at]!;
        green += weight * averaged[at + 1]!;
        blue += weight * averaged[at + 2]!;
        alpha += weight * averaged[at + 3]!;
      }
      visit((rows.first + r) * size + columns.first + c, red, green, blue, alpha);
    }
  }
}

/** Crop straight RGBA bytes to the pixels at least half opaque, and premultiply them. */
export function cropSprite(rgba: Uint8Array, width: number, height: number): Sprite {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (rgba[(y * width + x) * 4 + 3]! < 128) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  if (right <= left) throw new Error("cropSprite: expected drawn pixels, got an empty picture");
  const [wide, high] = [right - left, bottom - top];
  const data = new Float32Array(wide * high * 4);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const from = ((y + top) * width + x + left) * 4;
      const to = (y * wide + x) * 4;
      const alpha = rgba[from + 3]!;
      for (let k = 0; k < 3; k++) data[to + k] = (rgba[from + k]! * alpha) / 255;
      data[to + 3] = alpha;
    }
  }
  return { width: wide, height: high, data };
}
