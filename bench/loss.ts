// The denoising loss of a network: that of training where it has a text encoder, else on given tokens.

import type { Value } from "../src/engine/graph.js";
import { diffuse, meanSquaredError } from "../src/training/losses.js";
import type { LossBuilder } from "../src/training/step.js";
import { textToImageLoss } from "../src/training/text-to-image/loss.js";
import { unet } from "../src/models/unet/index.js";
import { scoped } from "../src/nn/weights.js";
import { TOKENS } from "./nets.js";
import type { Net } from "./nets.js";

/** Maps in hand at every site, as in training. */
const keepMaps = { at: () => (maps: Value) => maps };

/** Builds the loss of a network for a batch of pictures. */
export function denoisingLoss(net: Net, batch: number): LossBuilder {
  const { text, side } = net;
  if (text) return textToImageLoss(net.unet, text, { batch, latentSize: side, tokens: TOKENS });
  return (weights, graph) => {
    const input = (name: string, ...shape: number[]): Value => graph.input(name, "float32", shape);
    const picture = [batch, side, side, net.unet.in_channels];
    const { noisy, velocity } = diffuse(
      input("latents", ...picture),
      input("noise", ...picture),
      input("alpha", batch),
      input("sigma", batch),
    );
    const prediction = unet(scoped(weights, "unet"), net.unet, {
      sample: noisy,
      timestep: input("timestep", batch),
      context: input("context", batch, TOKENS, net.width),
      policy: keepMaps,
    });
    return { loss: meanSquaredError(prediction, velocity) };
  };
}
