// What placement costs: a guided step of the shipped network, plain and with its maps edited and read.

import { floats } from "../src/core/tensor.js";
import type { Denoiser, Level } from "../src/diffusion/index.js";
import type { Runtime } from "../src/engine/runtime/session.js";
import { guided } from "../src/guidance/cfg.js";
import { firstCode } from "../src/guidance/placement/dd-v1.js";
import { optimised } from "../src/guidance/placement/dd.js";
import { direct } from "../src/guidance/placement/direct.js";
import { placed } from "../src/guidance/placement/placed.js";
import type { Placement } from "../src/guidance/placement/region.js";
import type { AttentionSite } from "../src/nn/attention.js";
import { UNetDenoiser } from "../src/pipelines/denoiser.js";
import { defaultMethod } from "../src/pipelines/recipe-methods.js";
import type { Method } from "../src/pipelines/recipe-methods.js";
import { gridsOf } from "../src/guidance/placement/region.js";
import { coarseSites } from "../src/pipelines/text-to-image-run.js";
import { constantWeights, noise } from "./fill.js";
import { specsOf, TOKENS } from "./nets.js";
import type { Net } from "./nets.js";
import { timed } from "./work.js";
import type { Work } from "./work.js";

const LEVEL: Level = { alpha: 0.2, sigma: Math.sqrt(1 - 0.2 ** 2), timestep: 900 };
const GUIDANCE = 7.5;

const PLACEMENT: Placement = {
  regions: [
    { box: [0.1, 0.1, 0.5, 0.6], tokens: [2, 3], strength: 1, until: 1 },
    { box: [0.5, 0.4, 0.9, 0.9], tokens: [6, 7], strength: 1, until: 1 },
  ],
  tokens: 7,
  words: 7,
  positions: TOKENS,
};

function enforced(
  method: Exclude<Method, { name: "none" }>,
  network: Denoiser,
  plain: Denoiser,
  sites: readonly AttentionSite[],
  cells: number,
): Denoiser {
  const coarse = coarseSites(sites, cells);
  const grids = gridsOf(sites.filter(({ kind }) => kind === "cross"));
  const read = coarse.map(({ name }) => name);
  const options = { placements: [PLACEMENT], grids, run: [0.9], trainTimesteps: 1000, read };
  switch (method.name) {
    case "direct":
      return placed(plain, { ...options, rule: direct(method) });
    case "dd-v1":
      return placed(plain, { ...options, rule: firstCode(method) });
    case "dd": {
      const siteGrids = Object.fromEntries(coarse.map((site) => [site.name, site]));
      const search = { ...method, sites: read, siteGrids, grids };
      return optimised(plain, network, { ...options, search });
    }
  }
}

/** Guided steps of one picture: plain, then each method of placement. */
export function directedWorks(runtime: Runtime, net: Net, threads: number): Work[] {
  const specs = specsOf(net).map((spec) => ({ ...spec, name: spec.name.replace(/^unet\./, "") }));
  const network = new UNetDenoiser({
    config: net.unet,
    prediction: "v_prediction",
    weights: (graph) => constantWeights(graph, specs),
    runtime,
    threads,
    sessions: 8, // more than all methods ask for: nothing is compiled twice
  });
  const plain = guided(network, noise([1, TOKENS, net.width]), GUIDANCE);
  const sites = network.sites(net.side, net.side, TOKENS);
  const x = noise([1, net.side, net.side, net.unet.in_channels]);
  const embeddings = floats([1, TOKENS, net.width], noise([1, TOKENS, net.width], 1, 2).data);
  const condition = { embeddings, conditional: [true] };
  const work = (name: string, denoiser: Denoiser): Work => ({
    name: `${name} step`,
    run: () => timed(() => denoiser.denoise(x, LEVEL, condition)),
    release: () => Promise.resolve(),
  });
  const methods = (["direct", "dd-v1", "dd"] as const).map((name) => {
    const method = defaultMethod(name) as Exclude<Method, { name: "none" }>;
    return work(name, enforced(method, network, plain, sites, net.side ** 2));
  });
  return [{ ...work("plain", plain), release: () => network.release() }, ...methods];
}
