// What a run's maps tell, picture by picture: shares in boxes, and heat maps.

import type { Latent } from "../diffusion/index.js";
import { isInRange } from "../guidance/placement/region.js";
import type { Picture } from "../io/image.js";
import type { AttentionSite } from "../nn/attention.js";
import { AttentionMap, AttentionShare } from "./score-attention.js";
import { heatmapOver } from "./score-heatmap.js";
import type { DrawnPicture } from "./text-to-image-pipeline.js";
import type { Order } from "./text-to-image-order.js";

/** Gathers the maps of a run's steps. */
export class Observations {
  private readonly shares: readonly AttentionShare[][];
  private readonly maps: readonly AttentionMap[][];
  /** Steps in each box's range. */
  private readonly steps: number[];

  constructor(
    private readonly order: Order,
    private readonly sites: readonly AttentionSite[],
  ) {
    const indices = (tokens: readonly { index: number }[]): number[] =>
      tokens.map(({ index }) => index);
    this.steps = order.boxes.map(() => 0);
    this.shares = order.seeds.map((_, row) =>
      order.boxes.map(({ tokens, box }) => new AttentionShare(row, indices(tokens), box)),
    );
    this.maps = order.seeds.map((_, row) =>
      order.heatmaps.map(({ tokens }) => new AttentionMap(sites, row, indices(tokens))),
    );
  }

  /** Adds one step's maps, by site. A box's share is taken in the box's own step range. */
  add(noise: number, maps: Readonly<Record<string, Latent>>): void {
    this.order.boxes.forEach((box, i) => {
      if (!isInRange(box, noise)) return;
      this.steps[i]!++;
      for (const shares of this.shares) shares[i]!.add(this.sites, maps);
    });
    for (const map of this.maps.flat()) map.add(this.sites, maps);
  }

  /** The finished pictures with what was gathered. */
  of(pictures: readonly Picture[]): DrawnPicture[] {
    const { seeds, boxes, heatmaps } = this.order;
    return pictures.map((picture, row) => ({
      seed: seeds[row]!,
      picture,
      boxes: boxes.map(({ words, tokens }, i) => {
        const attentionShare = this.shares[row]![i]!.value;
        return { words, tokens, attentionShare, stepsInRange: this.steps[i]! };
      }),
      heatmaps: heatmaps.map(({ words, tokens }, i) => {
        return { word: words, tokens, picture: heatmapOver(picture, this.maps[row]![i]!) };
      }),
    }));
  }
}
