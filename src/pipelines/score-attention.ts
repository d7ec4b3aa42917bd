// How much of the words' attention lies in their boxes, and where a word's attention went, over a run's steps.

import type { Latent } from "../diffusion/index.js";
import { coverage } from "../guidance/placement/region.js";
import type { AttentionSite } from "../nn/attention.js";
import type { Box } from "./box.js";

/** A word's cells of one site: [cells], summed over its tokens. */
function mapOfTokens(
  { shape, data }: Latent,
  row: number,
  tokens: readonly number[],
): Float32Array {
  const [, cells, positions] = shape as [number, number, number];
  const start = row * cells * positions;
  return Float32Array.from({ length: cells }, (_, cell) =>
    tokens.reduce((sum, token) => sum + data[start + cell * positions + token]!, 0),
  );
}

const total = (values: Float32Array): number => values.reduce((a, b) => a + b, 0);

/** The mean, over steps and sites, of the share of a phrase's attention that lies in its box. */
export class AttentionShare {
  private sum = 0;
  private count = 0;

  constructor(
    private readonly row: number,
    private readonly tokens: readonly number[],
    private readonly box: Box,
  ) {}

  add(sites: readonly AttentionSite[], maps: Readonly<Record<string, Latent>>): void {
    for (const site of sites) {
      const map = mapOfTokens(maps[site.name]!, this.row, this.tokens);
      const inside = coverage(this.box, site);
      const whole = total(map);
      if (whole === 0) continue; // Of nothing there is no share.
      this.sum += total(map.map((value, cell) => value * inside[cell]!)) / whole;
      this.count++;
    }
  }

  /** 0 to 1; 0 when nothing was added. */
  get value(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }
}

/** The mean, over steps and sites, of a word's map, each normalised to mean 1, on the finest grid of its sites. */
export class AttentionMap {
  readonly height: number;
  readonly width: number;
  private readonly sum: Float64Array;
  private count = 0;

  constructor(
    sites: readonly AttentionSite[],
    private readonly row: number,
    private readonly tokens: readonly number[],
  ) {
    this.height = Math.max(...sites.map(({ height }) => height));
    this.width = Math.max(...sites.map(({ width }) => width));
    this.sum = new Float64Array(this.height * this.width);
  }

  add(sites: readonly AttentionSite[], maps: Readonly<Record<string, Latent>>): void {
    for (const site of sites) {
      const map = mapOfTokens(maps[site.name]!, this.row, this.tokens);
      const scale = map.length / (total(map) || 1);
      for (let cell = 0; cell < this.sum.length; cell++) {
        const u = ((cell % this.width) + 0.5) / this.width;
        const v = (Math.floor(cell / this.width) + 0.5) / this.height;
        this.sum[cell]! += scale * bilinear(map, site, u, v);
      }
      this.count++;
    }
  }

  /** Values in 0 to 1, [height · width], the largest 1. */
  get values(): Float32Array {
    const most = this.sum.reduce((a, b) => Math.max(a, b), 0) || 1;
    return Float32Array.from(this.sum, (value) => value / most);
  }
}

/** A map between its cell centres, bilinear; `u` and `v` are fractions of the width and the height. */
export function bilinear(
  values: Float32Array,
  { height, width }: { height: number; width: number },
  u: number,
  v: number,
): number {
  const x = Math.min(Math.max(u * width - 0.5, 0), width - 1);
  const y = Math.min(Math.max(v * height - 0.5, 0), height - 1);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const along = (row: number): number =>
    values[row * width + left]! * (left + 1 - x) + values[row * width + right]! * (x - left);
  return along(top) * (top + 1 - y) + along(bottom) * (y - top);
}
