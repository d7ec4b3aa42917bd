// Pictures of digits with their background painted black: what is left of a distance when nobody's grain counts.

import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

/** Levels below this are painted black; they are black to the judge of digits, too. */
const DARK = 24;
/** Levels below this, and not below DARK, are dim: grain that the eye sees. */
const DIM = 60;

/** Shares of all places, as they were drawn. */
export interface Background {
  /** At level 0. */
  readonly black: number;
  /** At levels 24 to 59. */
  readonly dim: number;
}

/** What is kept of a row's painted pictures. */
export interface Painted extends Background {
  readonly count: number;
  /** Fréchet distance on Inception's features, to the training set as it is. */
  readonly frechet: number;
}

/** Writes the first pictures of a folder to another, dark levels at 0. */
export async function paintBlack(from: string, to: string, count: number): Promise<Background> {
  await mkdir(to, { recursive: true });
  const names = (await readdir(from)).filter((file) => file.endsWith(".png")).sort();
  let [black, dim, all] = [0, 0, 0];
  for (const file of names.slice(0, count)) {
    const picture = sharp(join(from, file)).greyscale().raw();
    const { data, info } = await picture.toBuffer({ resolveWithObject: true });
    for (const [i, level] of data.entries()) {
      if (level === 0) black++;
      if (level >= DARK && level < DIM) dim++;
      if (level < DARK) data[i] = 0;
    }
    all += data.length;
    const raw = { width: info.width, height: info.height, channels: 1 } as const;
    await sharp(data, { raw }).png().toFile(join(to, file));
  }
  return { black: black / all, dim: dim / all };
}
