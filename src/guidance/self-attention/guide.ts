// Attention guidance in a graph: away from what the network makes of its own picture blurred where it attends
// (Hong et al. 2023, arXiv 2210.00939; as the teacher's guidance, SFERD, arXiv 2311.03830).

import { add, mul, reshape, sub } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { blurFor, blurred } from "./blur.js";
import type { Blur } from "./blur.js";
import { attentionMask } from "./mask.js";
import { clamped } from "./network.js";
import type { AttentiveNetwork, LevelValues, Predict } from "./network.js";

/** Two ways to take the difference: of the blurred picture, as in the paper, or of the picture itself. */
export const GUIDANCE_FORMS = ["exact", "direct"] as const;
export type GuidanceForm = (typeof GUIDANCE_FORMS)[number];

export interface AttentionGuidance {
  /** 1 + w; 1 is no guidance, 1.3 when absent. */
  readonly scale?: number | undefined;
  /** Attention above which a key is masked, the mean being 1; 1 when absent. */
  readonly threshold?: number | undefined;
  /** What follows the pictures' size when absent. */
  readonly blur?: Blur | undefined;
  /** Largest magnitude of every predicted picture, and of the guided one; unlimited when absent. */
  readonly clamp?: number | undefined;
  /** "exact" when absent. */
  readonly form?: GuidanceForm | undefined;
}

export const DEFAULT_SCALE = 1.3;
export const DEFAULT_THRESHOLD = 1;

/** A picture blurred where it is attended to, and the noisy picture with the same noise behind it. */
export interface Degraded {
  /** x̃0 = M ⊙ blur(x̂0) + (1 - M) ⊙ x̂0 */
  readonly clean: Value;
  /** α x̃0 + σ ε̂ with the predicted noise ε̂ = (x - α x̂0) / σ, that is x + α (x̃0 - x̂0) */
  readonly noisy: Value;
}

/** Blurs the prediction `x0` of `x` under `mask` [N, H, W, 1] and brings it back to the noise level `alpha` [N]. */
export function degrade(
  x: Value,
  x0: Value,
  alpha: Value,
  { mask, blur }: { readonly mask: Value; readonly blur: Blur },
): Degraded {
  const change = mul(mask, sub(blurred(x0, blur), x0));
  return { clean: add(x0, change), noisy: add(x, mul(reshape(alpha, [-1, 1, 1, 1]), change)) };
}

/**
 * The guided prediction x̂0 + w (x̃0 - x̂0(x̃)): the form of ε + w (ε - ε̃) that divides by nothing. Two
 * evaluations of the network; one and no change when the scale is 1.
 *
 * @throws FollowspotError when the site's cells or the blur do not fit the pictures
 */
export function attentionGuided(
  network: AttentiveNetwork,
  guidance: AttentionGuidance = {},
): Predict {
  const { scale = DEFAULT_SCALE, threshold = DEFAULT_THRESHOLD, clamp, form = "exact" } = guidance;
  if (scale === 1) return (x, level) => clamped(network.predict(x, level), clamp);
  return (x: Value, level: LevelValues): Value => {
    const [, height, width] = x.shape as [number, number, number, number];
    const { x0: raw, maps } = network.attend(x, level);
    const x0 = clamped(raw, clamp);
    const mask = attentionMask(maps, threshold, { height, width });
    const blur = guidance.blur ?? blurFor(Math.min(height, width));
    const { clean, noisy } = degrade(x, x0, level.alpha, { mask, blur });
    const worse = clamped(network.predict(noisy, level), clamp);
    const better = form === "exact" ? clean : x0;
    return clamped(add(x0, mul(sub(better, worse), scale - 1)), clamp);
  };
}

/** Evaluations of the network for one guided prediction. */
export function guidanceEvaluations(guidance: AttentionGuidance | undefined): number {
  return guidance === undefined || (guidance.scale ?? DEFAULT_SCALE) === 1 ? 1 : 2;
}
