// Binary masks: closing small gaps, filling holes, and the largest connected pieces.

/** One byte a pixel, 1 inside; rows from the top. */
export type Mask = Uint8Array;

/** A connected piece of a mask. */
export interface Region {
  /** The piece alone, of the size of the mask. */
  readonly mask: Mask;
  readonly area: number;
  /** Pixels, right and bottom exclusive. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Pixels within one step of the mask, or with `value` 0 pixels all of whose neighbours are in it. */
function spread(mask: Mask, width: number, height: number, value: 0 | 1): Mask {
  const result = mask.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (mask[y * width + x] !== value) continue;
      for (const [dx, dy] of NEIGHBOURS) {
        const [u, v] = [x + dx, y + dy];
        if (u >= 0 && u < width && v >= 0 && v < height) result[v * width + u] = value;
      }
    }
  }
  return result;
}

const NEIGHBOURS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;

/** Dilation by one pixel, then erosion: gaps of up to two pixels close. */
export function closeGaps(mask: Mask, width: number, height: number): Mask {
  // A border of one pixel, so that the picture's edge is neither gained nor lost.
  const [wide, high] = [width + 2, height + 2];
  const framed = new Uint8Array(wide * high);
  for (let y = 0; y < height; y++) {
    framed.set(mask.subarray(y * width, (y + 1) * width), (y + 1) * wide + 1);
  }
  const closed = spread(spread(framed, wide, high, 1), wide, high, 0);
  return mask.map((_, at) => closed[(Math.floor(at / width) + 1) * wide + (at % width) + 1]!);
}

/** The pieces of at least `least` pixels, connected along edges, largest first. */
export function regionsOf(mask: Mask, width: number, height: number, least: number): Region[] {
  const seen = new Uint8Array(mask.length);
  const regions: Region[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] !== 1 || seen[start] === 1) continue;
    const region = grow(mask, width, height, start, seen);
    if (region.area >= least) regions.push(region);
  }
  return regions.sort((a, b) => b.area - a.area);
}

/** The piece that holds `start`; its pixels are marked as seen. */
function grow(mask: Mask, width: number, height: number, start: number, seen: Uint8Array): Region {
  const piece = new Uint8Array(mask.length);
  const pending = [start];
  seen[start] = 1;
  let [left, top, right, bottom, area] = [width, height, 0, 0, 0];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    piece[at] = 1;
    area++;
    const [x, y] = [at % width, Math.floor(at / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
    for (const [dx, dy] of NEIGHBOURS) {
      const [u, v] = [x + dx, y + dy];
      const next = v * width + u;
      const inside = u >= 0 && u < width && v >= 0 && v < height;
      if (!inside || mask[next] !== 1 || seen[next] === 1) continue;
      seen[next] = 1;
      pending.push(next);
    }
  }
  return { mask: piece, area, left, top, right, bottom };
}

/** The holes of a region: pieces of what is outside it that do not reach the picture's edge. */
export function holesOf(region: Region, width: number, height: number): Region[] {
  const outside = region.mask.map((value) => 1 - value);
  return regionsOf(outside, width, height, 1).filter(
    ({ left, top, right, bottom }) => left > 0 && top > 0 && right < width && bottom < height,
  );
}

/** A region with all holes of less than `share` of its area filled. */
export function fillSmallHoles(
  region: Region,
  width: number,
  height: number,
  share: number,
): Region {
  const mask = region.mask.slice();
  let area = region.area;
  for (const hole of holesOf(region, width, height)) {
    if (hole.area >= share * region.area) continue;
    hole.mask.forEach((value, at) => (mask[at] = mask[at]! | value));
    area += hole.area;
  }
  return { ...region, mask, area };
}
