// The attention sites of a UNet2DModel, listed without its weights.

import type { AttentionSite } from "../../nn/attention.js";
import { InputWeights } from "../../nn/input-weights.js";
import type { UNet2DConfig } from "./config.js";
import { unet2d } from "./unet2d.js";

/**
 * All attention sites in the order of computation, for pictures of height x width.
 * The graph that is built to find them is thrown away.
 */
export function sitesOf2D(config: UNet2DConfig, height: number, width: number): AttentionSite[] {
  const sites: AttentionSite[] = [];
  const weights = new InputWeights();
  const { graph } = weights;
  unet2d(weights, config, {
    sample: graph.input("sample", "float32", [1, height, width, config.in_channels]),
    timestep: graph.input("timestep", "float32", [1]),
    classLabels:
      config.num_class_embeds === null ? undefined : graph.input("classLabels", "int64", [1]),
    policy: {
      at(site) {
        sites.push(site);
        return "fused";
      },
    },
  });
  return sites;
}
