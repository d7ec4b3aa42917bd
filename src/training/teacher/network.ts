// A teacher's network with its head: what it predicts of noisy pictures, as a graph.

import { mul, slice, sub } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import type { Head } from "../../diffusion/parameterisations.js";
import { unet2d } from "../../models/unet2d/index.js";
import type { UNet2DConfig, UNet2DInputs } from "../../models/unet2d/index.js";
import type { Weights } from "../../nn/weights.js";
import { perPicture } from "../losses.js";

/** A network of pixels and what it puts out. */
export interface TeacherNetwork {
  readonly unet: UNet2DConfig;
  readonly head: Head;
}

export interface TeacherInputs extends UNet2DInputs {
  /** Factors of signal and noise in `sample`, [N] each. */
  readonly alpha: Value;
  readonly sigma: Value;
}

/**
 * What a network's output [N, S, S, C], or [N, S, S, 2C] of head `both`, says in the prediction type of its head:
 * [N, S, S, C]. Factors of signal and noise are [N].
 */
export function headPrediction(
  head: Head,
  output: Value,
  { alpha, sigma }: { readonly alpha: Value; readonly sigma: Value },
): Value {
  if (head !== "both") return output;
  const channels = output.shape[3]! / 2;
  const clean = slice(output, 3, 0, channels);
  const noise = slice(output, 3, channels, 2 * channels);
  return sub(mul(noise, perPicture(alpha)), mul(clean, perPicture(sigma)));
}

/** What the network predicts, of the prediction type of its head: [N, S, S, C]. */
export function teacherPrediction(
  w: Weights,
  { unet, head }: TeacherNetwork,
  inputs: TeacherInputs,
): Value {
  return headPrediction(head, unet2d(w, unet, inputs).output, inputs);
}
