// What a teacher of pixels sees in pictures: features by which a student's answers are held against its teacher's.

import { floats } from "../../core/tensor.js";
import { timestepAt } from "../../diffusion/index.js";
import { expand } from "../../engine/functions.js";
import type { Graph, Value } from "../../engine/graph.js";
import { unet2dFeatures } from "../../models/unet2d/index.js";
import { keepMaps } from "../../nn/attention.js";
import type { Teacher } from "../../training/teacher/index.js";
import type { Distance } from "../loss.js";
import { frozenWeights } from "../network.js";
import { perceptualDistance } from "../perceptual.js";
import type { Features } from "../perceptual.js";

/**
 * The time for which the teacher is asked about pictures without noise: of those tried, 0.001 to 0.3, where a blur is
 * furthest from its picture beside other changes of the same squared error (docs/results/sferd).
 */
export const FEATURES_TIME = 0.1;

/** What the way down of a teacher makes of pictures [N, H, W, C] without noise. */
export function teacherFeatures(
  graph: Graph,
  { unet, weights }: Pick<Teacher, "unet" | "weights">,
  classLabels: Value | undefined,
): Features {
  const its = frozenWeights(graph, "features", weights);
  return (sample) => {
    const time = graph.constant(floats([1], [timestepAt(FEATURES_TIME)]));
    const timestep = expand(time, [sample.shape[0]!]);
    return unet2dFeatures(its, unet, { sample, timestep, classLabels, policy: keepMaps });
  };
}

/** The squared error, and the distance of the teacher's features where that has a weight. */
export function distanceOf(
  graph: Graph,
  { features }: { readonly features: number },
  parent: Pick<Teacher, "unet" | "weights">,
  classLabels: Value | undefined,
): Distance | undefined {
  if (features === 0) return undefined;
  return perceptualDistance(teacherFeatures(graph, parent, classLabels), features);
}
