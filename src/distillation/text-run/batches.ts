// What a text-to-image student is trained on: latents, captions, noise, times of its grid, and boxes that a person might draw.

import type { HostTensor } from "../../core/tensor.js";
import type { Tensors } from "../../engine/runtime/session.js";
import type { Grid, Placement } from "../../guidance/placement/region.js";
import { streamOf } from "../../training/data/streams.js";
import { TextToImageBatches } from "../../training/text-to-image/batches.js";
import type { CaptionedLatents } from "../../training/text-to-image/batches.js";
import { drawIntervals, gridFeeds } from "../grid.js";
import type { GridOptions } from "../grid.js";
import type { TextStudentConfig } from "./config.js";
import { walkFeeds } from "../walk.js";
import { timesOf } from "./levels.js";
import { editedGrids } from "./loss.js";
import type { TextParent } from "./parent.js";
import { editFeeds, randomPlacement } from "./regions.js";

/** The streams of times, of boxes and of walks, beside that of noise. */
const [TIMES, BOXES, WALKS] = [3, 4, 5];

/** Gives the batch of any step; it follows from the seed and the step. */
export class TextStudentBatches {
  private readonly source: TextToImageBatches;
  private readonly grid: GridOptions;
  private readonly grids: readonly Grid[];

  constructor(
    data: CaptionedLatents,
    parent: TextParent,
    private readonly config: TextStudentConfig,
  ) {
    const { batch, seed, target, levels } = config;
    this.source = new TextToImageBatches(data, parent.tokenizer, parent.schedule, {
      ...{ batch, seed, captionDropout: 0, trailingDropout: 0 },
      scalingFactor: parent.autoencoder.config.scaling_factor,
    });
    const { kind, substeps, loss: weighting } = target;
    this.grid = { kind, schedule: timesOf(parent.schedule), steps: levels, substeps, weighting };
    this.grids = editedGrids(parent);
  }

  /** The inputs of step `k`, counted from 1. */
  at(k: number): Tensors {
    const { batch, seed, levels } = this.config;
    const { latents, noise, ids } = this.source.at(k);
    const intervals = drawIntervals(batch, levels, streamOf(seed, TIMES, k).random());
    return {
      ...{ pictures: latents, noise, ids },
      ...gridFeeds(intervals, this.grid),
      ...this.walks(k, intervals),
      ...this.edits(k),
    };
  }

  /** The placements of step `k`, a picture each. */
  placementsAt(k: number): Placement[] {
    const { edits, seed } = this.config;
    const stream = streamOf(seed, BOXES, k);
    return edits
      ? this.source.captionsAt(k).map((caption) => randomPlacement(caption, stream, edits))
      : [];
  }

  private walks(k: number, intervals: readonly number[]): Record<string, HostTensor> {
    const { seed, target } = this.config;
    if (target.walked === 0) return {};
    const stream = streamOf(seed, WALKS, k);
    const walks = intervals.map(() => stream.random() < target.walked);
    return walkFeeds(intervals, walks, this.grid);
  }

  private edits(k: number): Record<string, HostTensor> {
    const { edits } = this.config;
    return edits ? editFeeds(this.placementsAt(k), this.grids, edits) : {};
  }
}
