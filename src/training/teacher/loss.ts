// The denoising loss of a teacher: the squared error of what it predicts, weighted by the level.

import { cast, mean, mul, sub } from "../../engine/functions.js";
import type { Graph, Value } from "../../engine/graph.js";
import { PREDICTION_OF_HEAD } from "../../diffusion/parameterisations.js";
import type { PredictionType } from "../../diffusion/parameterisations.js";
import type { Dropout } from "../../models/unet2d/index.js";
import { keepMaps } from "../../nn/attention.js";
import { InputWeights } from "../../nn/input-weights.js";
import { diffuse } from "../losses.js";
import type { LossBuilder } from "../step.js";
import { keepShare } from "./masks.js";
import { teacherPrediction } from "./network.js";
import type { TeacherNetwork } from "./network.js";

export interface TeacherShape {
  readonly batch: number;
  /** Side of the pictures in pixels. */
  readonly size: number;
}

const MASK = "dropout.";

/** Products with masks that are inputs, `dropout.<block>`, scaled so that the mean stays. */
function maskInputs(graph: Graph, share: number): Dropout | undefined {
  if (share === 0) return undefined;
  return (name, x) => {
    const mask = graph.input(MASK + name, "bool", x.shape);
    return mul(x, mul(cast(mask, "float32"), 1 / keepShare(share)));
  };
}

/**
 * The mean over pictures of weight times mean squared error. Inputs: `pictures` and `noise` [N, S, S, C], `alpha`,
 * `sigma`, `timestep` and `weight` [N], for networks with classes `classLabels` int64 [N], and where activations are
 * dropped `dropout.<block>`, bool. Reports `squared`, the error without weights.
 */
export function teacherLoss(network: TeacherNetwork, { batch, size }: TeacherShape): LossBuilder {
  const { unet, head } = network;
  return (weights, graph) => {
    const input = (name: string, shape: readonly number[]): Value =>
      graph.input(name, "float32", shape);
    const picture = [batch, size, size, unet.in_channels];
    const pictures = input("pictures", picture);
    const noise = input("noise", picture);
    const alpha = input("alpha", [batch]);
    const sigma = input("sigma", [batch]);
    const { noisy, velocity } = diffuse(pictures, noise, alpha, sigma);
    const prediction = teacherPrediction(weights, network, {
      ...{ sample: noisy, alpha, sigma, timestep: input("timestep", [batch]) },
      classLabels:
        unet.num_class_embeds === null ? undefined : graph.input("classLabels", "int64", [batch]),
      policy: keepMaps,
      dropout: maskInputs(graph, unet.dropout),
    });
    const targets: Record<PredictionType, Value> = {
      v_prediction: velocity,
      sample: pictures,
      epsilon: noise,
    };
    const difference = sub(prediction, targets[PREDICTION_OF_HEAD[head]]);
    const squared = mean(mul(difference, difference), { axes: [1, 2, 3] });
    const loss = mean(mul(squared, input("weight", [batch])));
    return { loss, report: { squared: mean(squared) } };
  };
}

/** Shapes of the masks that a step takes, by input. */
export function maskShapes(
  network: TeacherNetwork,
  shape: TeacherShape,
): ReadonlyMap<string, readonly number[]> {
  const weights = new InputWeights();
  teacherLoss(network, shape)(weights, weights.graph);
  const masks = [...weights.graph.inputs].filter(([name]) => name.startsWith(MASK));
  return new Map(masks.map(([name, value]) => [name, value.shape]));
}
