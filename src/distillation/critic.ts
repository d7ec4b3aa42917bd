// An adversarial loss beside the target of progressive distillation (Lin et al. 2024, arXiv 2402.13929): small heads tell
// noisy pictures of the student from the data's by what a teacher at rest makes of them (Sauer et al. 2024, arXiv 2403.12015).

import { add, mean, mul, neg, relu, silu, stopGradient, sub } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { linear } from "../nn/linear.js";
import { scoped } from "../nn/weights.js";
import type { Weights } from "../nn/weights.js";

/** What a network at rest makes of noisy pictures [N, H, W, C]: maps [N, h, w, channels], any number. */
export type Seen = readonly Value[];

/** Hidden features of a head. */
const WIDTH = 32;

/** A head on each map: how real every place looks, [N, h, w, 1] each. */
export function criticLogits(w: Weights, maps: Seen): Value[] {
  return maps.map((map, i) => {
    const its = scoped(w, `heads.${i}`);
    return linear(its, "out", silu(linear(its, "hidden", map, WIDTH)), 1);
  });
}

/** The same weights at rest. */
function resting(weights: Weights): Weights {
  return { graph: weights.graph, get: (spec) => stopGradient(weights.get(spec)) };
}

/** The mean over maps, pictures and places. */
const meanOf = (each: readonly Value[]): Value =>
  mul(
    each.map((value) => mean(value)).reduce((total, value) => add(total, value)),
    1 / each.length,
  );

export interface Adversary {
  /** What the student is moved by: that its pictures pass for the data's. The critic is at rest in it. */
  readonly passing: Value;
  /** What the critic is moved by, the hinge: 2 where it tells nothing, 0 where it tells all. */
  readonly telling: Value;
}

/** The losses of the two players. `drawn` is differentiated to the student in the first alone. */
export function adversary(critic: Weights, drawn: Seen, real: Seen): Adversary {
  const margin = (logits: Value): Value => relu(sub(1, logits));
  const passed = criticLogits(resting(critic), drawn);
  const onDrawn = criticLogits(critic, drawn.map(stopGradient));
  const onReal = criticLogits(critic, real);
  return {
    passing: neg(meanOf(passed)),
    telling: add(meanOf(onReal.map(margin)), meanOf(onDrawn.map((logits) => margin(neg(logits))))),
  };
}
