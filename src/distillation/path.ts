// The teacher's way from a noise level to a lower one by DDIM, and what it amounts to in a single step.

import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import type { Level } from "../diffusion/index.js";
import { carryFactors } from "../diffusion/samplers/sampler.js";
import type { Graph, Value } from "../engine/graph.js";
import type { LevelValues } from "../guidance/self-attention/index.js";

/** One teacher step: x' = keep x + gain x0. */
export interface PathStep {
  /** Where the teacher is asked. */
  readonly level: Level;
  readonly keep: number;
  readonly gain: number;
  /** Share of this step's prediction in the single step that the whole path amounts to; the shares sum to 1. */
  readonly mix: number;
}

/**
 * The steps between levels u_0 > u_1 > ... > u_k, the last of which may be `CLEAN`.
 *
 * DDIM is linear, x_s = r x_t + Σ m_j x0_j with r = σ_s / σ_t, so the picture x̃0 for which one step lands at x_s,
 * (x_s - r x_t) / (α_s - r α_t), is Σ m_j x0_j / Σ m_j: nothing is subtracted and nothing cancels.
 */
export function pathThrough(levels: readonly Level[]): PathStep[] {
  const steps = levels.slice(0, -1).map((level, j) => {
    const next = levels[j + 1]!;
    const [keep, gain] = carryFactors(level, next.alpha, next.sigma);
    return { level, keep, gain };
  });
  const shares = steps.map(({ gain }, j) =>
    steps.slice(j + 1).reduce((share, { keep }) => share * keep, gain),
  );
  const total = shares.reduce((sum, share) => sum + share, 0);
  return steps.map((step, j) => ({ ...step, mix: shares[j]! / total }));
}

/** One teacher step as values, [N] each: every picture of a batch has its own path. */
export interface PathValues {
  readonly level: LevelValues;
  readonly keep: Value;
  readonly gain: Value;
  readonly mix: Value;
}

/** Levels as inputs `<name>.alpha`, `<name>.sigma` and `<name>.timestep`, [batch] each. */
export function declareLevel(graph: Graph, name: string, batch: number): LevelValues {
  const input = (part: string): Value => graph.input(`${name}.${part}`, "float32", [batch]);
  return { alpha: input("alpha"), sigma: input("sigma"), timestep: input("timestep") };
}

/** The feeds of `declareLevel`, a level a picture. */
export function levelFeeds(name: string, levels: readonly Level[]): Record<string, HostTensor> {
  const each = (of: (level: Level) => number): HostTensor =>
    floats([levels.length], levels.map(of));
  return {
    [`${name}.alpha`]: each(({ alpha }) => alpha),
    [`${name}.sigma`]: each(({ sigma }) => sigma),
    [`${name}.timestep`]: each(({ timestep }) => timestep),
  };
}

/** Paths of `steps` steps as inputs `path.<step>.<part>`, [batch] each. */
export function declarePath(graph: Graph, batch: number, steps: number): PathValues[] {
  return Array.from({ length: steps }, (_, j) => {
    const input = (part: string): Value => graph.input(`path.${j}.${part}`, "float32", [batch]);
    const level = declareLevel(graph, `path.${j}`, batch);
    return { level, keep: input("keep"), gain: input("gain"), mix: input("mix") };
  });
}

/** The feeds of `declarePath`, a path a picture, all of one length. */
export function pathFeeds(paths: readonly (readonly PathStep[])[]): Record<string, HostTensor> {
  const steps = paths[0]!.map((_, j) => paths.map((path) => path[j]!));
  const feeds = steps.map((each, j) => {
    const part = (of: (step: PathStep) => number): HostTensor =>
      floats([each.length], each.map(of));
    const levels = each.map(({ level }) => level);
    return {
      ...levelFeeds(`path.${j}`, levels),
      [`path.${j}.keep`]: part(({ keep }) => keep),
      [`path.${j}.gain`]: part(({ gain }) => gain),
      [`path.${j}.mix`]: part(({ mix }) => mix),
    };
  });
  return Object.assign({}, ...feeds) as Record<string, HostTensor>;
}
