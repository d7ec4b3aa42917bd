// Pictures of one size as the tiles of one larger picture, and back: nothing is lost on the way.

import type { Picture } from "../io/image.js";

const CHANNELS = 3;

/**
 * The pictures in rows of `columns`, without gaps; places left over are black.
 *
 * Throws without pictures and when they differ in size.
 */
export function joinTiles(pictures: readonly Picture[], columns: number): Picture {
  const [first] = pictures;
  if (!first) throw new Error("tiles: expected pictures, got none");
  const { width, height } = first;
  const odd = pictures.find((each) => each.width !== width || each.height !== height);
  if (odd) throw new Error(`tiles: expected ${width}x${height}, got ${odd.width}x${odd.height}`);
  const rows = Math.ceil(pictures.length / columns);
  const joined = {
    width: width * columns,
    height: height * rows,
    data: new Uint8Array(width * columns * height * rows * CHANNELS),
  };
  pictures.forEach(({ data }, tile) => {
    for (let y = 0; y < height; y++) {
      const line = data.subarray(y * width * CHANNELS, (y + 1) * width * CHANNELS);
      joined.data.set(line, lineStart(joined, first, columns, tile, y));
    }
  });
  return joined;
}

/**
 * The first `count` tiles of a picture of square tiles, `columns` to a row.
 *
 * Throws when the picture does not hold as many.
 */
export function cutTiles(joined: Picture, columns: number, count: number): Picture[] {
  const side = joined.width / columns;
  const rows = joined.height / side;
  if (!Number.isInteger(side) || !Number.isInteger(rows) || rows * columns < count) {
    throw new Error(
      `tiles: expected ${count} squares, ${columns} a row, got ${joined.width}x${joined.height}`,
    );
  }
  return Array.from({ length: count }, (_, tile) => {
    const picture = { width: side, height: side, data: new Uint8Array(side * side * CHANNELS) };
    for (let y = 0; y < side; y++) {
      const start = lineStart(joined, picture, columns, tile, y);
      const line = joined.data.subarray(start, start + side * CHANNELS);
      picture.data.set(line, y * side * CHANNELS);
    }
    return picture;
  });
}

/** Where line `y` of a tile begins in the joined picture's bytes. */
function lineStart(
  joined: Pick<Picture, "width">,
  { width, height }: Pick<Picture, "width" | "height">,
  columns: number,
  tile: number,
  y: number,
): number {
  const [row, column] = [Math.floor(tile / columns), tile % columns];
  return ((row * height + y) * joined.width + column * width) * CHANNELS;
}
