// Model FLOPs of a model of pixels, one evaluation of one picture, by network.

import { classLabelsOf } from "../distillation/index.js";
import { modelFlops } from "../engine/flops.js";
import type { Graph } from "../engine/graph.js";
import { gradientPredictor } from "../models/gradient-predictor/index.js";
import { latentMlp } from "../models/latent-mlp/index.js";
import { semanticEncoder } from "../models/semantic-encoder/index.js";
import { unet2d } from "../models/unet2d/index.js";
import type { UNet2DResult } from "../models/unet2d/index.js";
import { InputWeights } from "../nn/input-weights.js";
import { scoped } from "../nn/weights.js";
import type { Weights } from "../nn/weights.js";
import type { PixelModel } from "./sample-model.js";

/** By network; what a model does not have is not there. */
export interface PixelFlops {
  readonly network: number;
  readonly predictor?: number;
  readonly encoder?: number;
  readonly latentNetwork?: number;
}

/**
 * Counts on graphs that are built and thrown away.
 *
 * @throws FollowspotError when configurations do not fit each other
 */
export function pixelFlops(model: PixelModel): PixelFlops {
  const { semantic, latent } = model;
  const network = flopsOf((weights) => {
    weights.graph.output("output", networkOf(weights, model).output);
  });
  return {
    network,
    ...(semantic && {
      predictor: predictorFlops(model) - network,
      encoder: flopsOf((weights) => {
        const { config } = semantic.encoder;
        const { sample_size: size, in_channels: channels } = config;
        const pictures = weights.graph.input("pictures", "float32", [1, size, size, channels]);
        weights.graph.output("latents", semanticEncoder(weights, config, pictures));
      }),
    }),
    ...(latent && {
      latentNetwork: flopsOf((weights) => {
        const inputs = {
          latent: weights.graph.input("latent", "float32", [1, latent.config.latent_dim]),
          timestep: weights.graph.input("timestep", "float32", [1]),
        };
        weights.graph.output("noise", latentMlp(weights, latent.config, inputs));
      }),
    }),
  };
}

function flopsOf(build: (weights: InputWeights) => void): number {
  const weights = new InputWeights();
  build(weights);
  return modelFlops(weights.graph);
}

function networkOf(weights: Weights, { network: { unet, size } }: PixelModel): UNet2DResult {
  const graph: Graph = weights.graph;
  return unet2d(weights, unet, {
    sample: graph.input("sample", "float32", [1, size, size, unet.in_channels]),
    timestep: graph.input("timestep", "float32", [1]),
    classLabels: classLabelsOf(graph, unet, 1),
  });
}

/** Of network and predictor together, for the predictor works on what the network makes. */
function predictorFlops(model: PixelModel): number {
  const { config } = model.semantic!.predictor;
  return flopsOf((weights) => {
    const { output, encoder } = networkOf(scoped(weights, "unet"), model);
    const latent = weights.graph.input("latent", "float32", [1, config.latent_dim]);
    const shift = gradientPredictor(scoped(weights, "predictor"), config, {
      student: encoder,
      latent,
    });
    weights.graph.output("output", output);
    weights.graph.output("shift", shift);
  });
}
