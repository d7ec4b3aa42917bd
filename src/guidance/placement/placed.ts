// Placement as a wrapper: at the steps in which regions are directed, the denoiser's maps are edited.

import { noiseLevel } from "../../diffusion/index.js";
import type { Denoiser, Level, Request } from "../../diffusion/index.js";
import { editTensors, neutralised } from "./edit.js";
import type { EditTensors } from "./edit.js";
import { directedAt } from "./region.js";
import type { EditRule, Grid, Moment, Placement } from "./region.js";

export interface PlacedOptions {
  /** One for each conditional row of the batch. */
  readonly placements: readonly Placement[];
  /** Resolutions whose cross-attention is edited. */
  readonly grids: readonly Grid[];
  readonly rule: EditRule;
  /** Noise levels of the run's steps, falling. */
  readonly run: readonly number[];
  /** Number of training timesteps that noise levels are fractions of. */
  readonly trainTimesteps: number;
  /** Sites whose maps are read at directed steps. */
  readonly read?: readonly string[];
  /**
   * What the other steps ask for: "plain" nothing, so that they cost nothing; "neutral" the same graph
   * with an edit that changes nothing, so that one compiled graph serves the whole run.
   */
  readonly otherwise?: "plain" | "neutral";
}

/** A denoiser that edits the maps as `rule` says. Outside the directed steps it is the denoiser as it was. */
export function placed(denoiser: Denoiser, options: PlacedOptions): Denoiser {
  return {
    ...(denoiser.pullback ? { pullback: denoiser.pullback.bind(denoiser) } : {}),
    denoise: (x, level, condition, request) =>
      denoiser.denoise(x, level, condition, placedRequest(options, level, request)),
  };
}

/** The moment of a level in a run. */
export function momentOf(
  { run, trainTimesteps }: Pick<PlacedOptions, "run" | "trainTimesteps">,
  level: Level,
): Moment {
  return { run, noiseLevel: noiseLevel(level, trainTimesteps) };
}

/** The edits of all rows at a moment; undefined when no region is directed. */
export function editsAt(options: PlacedOptions, moment: Moment): EditTensors | undefined {
  const { placements, grids, rule, otherwise = "plain" } = options;
  const directed = placements.map((placement) => directedAt(placement, moment.noiseLevel));
  const isIdle = directed.every(({ regions }) => regions.length === 0);
  if (isIdle && otherwise === "plain") return undefined;
  const entries = grids.map((grid) => {
    const edits = directed.map((placement) => {
      const edit = rule(placement, grid, moment);
      return placement.regions.length > 0 ? edit : neutralised(edit);
    });
    return editTensors(grid, edits, placements[0]!.positions);
  });
  return Object.assign({}, ...entries) as EditTensors;
}

function placedRequest(
  options: PlacedOptions,
  level: Level,
  request: Request | undefined,
): Request | undefined {
  const edits = editsAt(options, momentOf(options, level));
  if (!edits) return request;
  const read = [...new Set([...(request?.read ?? []), ...(options.read ?? [])])];
  return {
    ...request,
    edits: { ...request?.edits, ...edits },
    ...(read.length > 0 ? { read } : {}),
  };
}
