// The attention sites of a U-Net, listed without its weights.

import type { AttentionSite } from "../../nn/attention.js";
import { InputWeights } from "../../nn/input-weights.js";
import { contextWidth } from "./config.js";
import type { UNetConfig } from "./config.js";
import { unet } from "./unet.js";

/**
 * All attention sites of a U-Net in the order of computation, for latents of height x width cells
 * and prompts of `tokens` tokens. The graph that is built to find them is thrown away.
 */
export function sitesOf(
  config: UNetConfig,
  height: number,
  width: number,
  tokens: number,
): AttentionSite[] {
  const sites: AttentionSite[] = [];
  const weights = new InputWeights();
  const { graph } = weights;
  unet(weights, config, {
    sample: graph.input("sample", "float32", [1, height, width, config.in_channels]),
    timestep: graph.input("timestep", "float32", [1]),
    context: graph.input("context", "float32", [1, tokens, contextWidth(config)]),
    policy: {
      at(site) {
        sites.push(site);
        return "fused";
      },
    },
  });
  return sites;
}
