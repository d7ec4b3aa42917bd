// The search for the weights of the trailing maps: their edits, the words' targets, and descent on the objective.

import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Condition, Denoiser, Latent, Level } from "../../diffusion/index.js";
import { pickRows } from "../rows.js";
import { descend } from "./descent.js";
import type { Descent } from "./descent.js";
import { asSlopes, editTensors, WEIGHTS } from "./edit.js";
import type { EditTensors } from "./edit.js";
import { targetName, targetsOf, WORDS } from "./objective.js";
import { trailingPositions } from "./region.js";
import type { Edit, Grid, Placement } from "./region.js";
import { groupsOf, strengthening, weakening, writeColumns } from "./windows.js";
import type { MaskOptions } from "./windows.js";

export interface SearchOptions extends MaskOptions {
  /** Names of the sites whose maps the objective reads, and their grids. */
  readonly sites: readonly string[];
  readonly siteGrids: Readonly<Record<string, Grid>>;
  /** All resolutions whose trailing maps are edited. */
  readonly grids: readonly Grid[];
  /** Passes forward and back at each directed step, at least 1. */
  readonly iterations: number;
  /** How far the weight with the largest gradient moves first. */
  readonly rate: number;
  /** a D, or (1 - a) A + a D, whose weight 0 is plain; "scale" when absent. */
  readonly form?: "scale" | "blend";
}

type Targets = Readonly<Record<string, HostTensor<"float32">>>;

/** One picture's search at one step. */
export interface Question {
  readonly x: Latent;
  readonly level: Level;
  readonly condition: Condition;
  /** Which row of the batch it is. */
  readonly row: number;
  readonly placement: Placement;
  readonly targets: Targets;
  /** Weights to start from; ones when absent. */
  readonly start: Float32Array | undefined;
}

/** What the edit of the trailing maps is without weights (base) and what each weight adds (slope). */
function trailingParts(
  placement: Placement,
  grid: Grid,
  options: SearchOptions,
): { base: Edit; slope: Edit } {
  const { positions, tokens, regions } = placement;
  const size = grid.height * grid.width * positions;
  const base = { multiply: new Float32Array(size).fill(1) };
  const slope = { multiply: new Float32Array(size), relative: new Float32Array(size) };
  if (regions.length === 0) return { base, slope };
  const isBlend = options.form === "blend";
  const weaken = weakening(regions, grid, options.outside);
  const strengthen = strengthening(regions, grid, options);
  const trailing = trailingPositions(tokens, options.trailing, positions);
  const zero = weaken.map(() => 0);
  if (!isBlend) writeColumns(base.multiply, positions, trailing, zero);
  const change = isBlend ? weaken.map((w) => w - 1) : weaken;
  writeColumns(slope.multiply, positions, trailing, change);
  writeColumns(slope.relative, positions, trailing, strengthen);
  return { base, slope };
}

/** The edit of the trailing maps with given weights, [positions]; ones when absent. */
export function trailingEdit(
  placement: Placement,
  grid: Grid,
  options: SearchOptions,
  weights: Float32Array = new Float32Array(placement.positions).fill(1),
): Edit {
  const { base, slope } = trailingParts(placement, grid, options);
  const weighted = (values: Float32Array): Float32Array =>
    values.map((value, at) => value * weights[at % placement.positions]!);
  const added = weighted(slope.multiply);
  return {
    multiply: base.multiply.map((value, at) => value + added[at]!),
    relative: weighted(slope.relative!),
  };
}

/** The words' targets at the sites of the objective, from a picture's plain maps. */
export function targetsAt(
  placement: Placement,
  maps: Readonly<Record<string, HostTensor<"float32">>>,
  row: number,
  options: SearchOptions,
): Targets {
  const groups = groupsOf(placement, 0);
  const words = new Float32Array(placement.positions);
  for (const position of groups.flatMap(({ positions }) => positions)) words[position] = 1;
  const targets = options.sites.map((site) => {
    const grid = options.siteGrids[site]!;
    const masks = groups.map(({ owners, positions }) => ({
      positions,
      weaken: weakening(owners, grid, options.outside),
      strengthen: strengthening(owners, grid, options),
    }));
    return [targetName(site), targetsOf(pickRows(maps[site]!, [row]), grid, masks)];
  });
  return {
    ...(Object.fromEntries(targets) as Targets),
    [WORDS]: floats([1, placement.positions], words),
  };
}

/** Weights [positions] that lower the objective; those of positions that are not edited stay as they were. */
export async function findWeights(
  denoiser: Denoiser,
  question: Question,
  options: SearchOptions,
): Promise<Descent> {
  const { placement, level, row, targets } = question;
  const { positions } = placement;
  const x = pickRows(question.x, [row]);
  const condition: Condition = {
    embeddings: pickRows(question.condition.embeddings, [row]),
    conditional: [true],
  };
  const edits: EditTensors = Object.assign(
    {},
    ...options.grids.map((grid) => {
      const { base, slope } = trailingParts(placement, grid, options);
      return {
        ...editTensors(grid, [base], positions),
        ...asSlopes(editTensors(grid, [slope], positions)),
      };
    }),
  ) as EditTensors;
  const objective = { loss: "placement", inputs: targets, wrt: [WEIGHTS] };
  const evaluate = async (weights: Float32Array) => {
    const request = {
      read: options.sites,
      edits: { ...edits, [WEIGHTS]: floats([1, positions], weights) },
    };
    const { loss, gradients } = await denoiser.pullback!(x, level, condition, request, objective);
    return { loss, gradient: gradients[WEIGHTS]!.data };
  };
  const start = question.start ?? new Float32Array(positions).fill(1);
  return descend(evaluate, start, { evaluations: options.iterations, rate: options.rate });
}
