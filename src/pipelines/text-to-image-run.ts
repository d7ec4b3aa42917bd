// The denoiser of one run: the network, guided, with its boxes enforced and its maps observed as the order says.

import { noiseLevel, SAMPLERS } from "../diffusion/index.js";
import type { Condition, Denoiser, Latent, Level, Schedule } from "../diffusion/index.js";
import { guided, told } from "../guidance/cfg.js";
import { firstCode } from "../guidance/placement/dd-v1.js";
import { optimised } from "../guidance/placement/dd.js";
import { direct } from "../guidance/placement/direct.js";
import { placed } from "../guidance/placement/placed.js";
import type { PlacedOptions } from "../guidance/placement/placed.js";
import { gridsOf, isInRange } from "../guidance/placement/region.js";
import type { EditRule, Placement } from "../guidance/placement/region.js";
import type { AttentionSite } from "../nn/attention.js";
import type { Method } from "./recipe-methods.js";
import type { Order } from "./text-to-image-order.js";

/** Which resolutions' cross-attention is edited: all, or those of at most a quarter of the latent's cells. */
export type EditedSites = "coarse" | "all";

/** What a run is made of besides the order. */
export interface RunParts {
  readonly network: Denoiser;
  readonly schedule: Schedule;
  /** All attention sites at the order's size. */
  readonly sites: readonly AttentionSite[];
  /** Cells of the latent. */
  readonly cells: number;
  readonly edited: EditedSites;
  /** Embeddings of the negative prompt, [1, T, D]. */
  readonly negative: Condition["embeddings"];
  /** One compiled graph for the whole run, because memory holds no two. */
  readonly isLean: boolean;
}

/** Cross-attention at a quarter of the latent's cells or fewer; all of it where there is none. */
export function coarseSites(sites: readonly AttentionSite[], cells: number): AttentionSite[] {
  const cross = sites.filter(({ kind }) => kind === "cross");
  const coarse = cross.filter(({ height, width }) => height * width <= cells / 4);
  return coarse.length > 0 ? coarse : cross;
}

/** The placement of an order's boxes. */
export function placementOf({ prompt, boxes }: Order): Placement {
  return {
    regions: boxes.map(({ box, tokens, strength, until }) => {
      return { box, tokens: tokens.map(({ index }) => index), strength, until };
    }),
    tokens: prompt.length - 2,
    words: prompt.text.split(/\s+/).filter(Boolean).length,
    positions: prompt.ids.length,
  };
}

/** The noise levels of an order's steps, falling. */
export function noiseLevels({ sampler, steps }: Order, schedule: Schedule): number[] {
  const plan = SAMPLERS[sampler].plan(schedule, steps);
  return plan.steps.map(({ level }) => noiseLevel(level, schedule.trainTimesteps));
}

/** The boxes that an order would direct, but in whose range none of its steps lies, a line each. */
export function rangeWarnings(order: Order, schedule: Schedule): string[] {
  const { boxes, method, steps } = order;
  const directed = boxes.filter(({ strength }) => strength > 0 && method.name !== "none");
  if (directed.length === 0) return [];
  const highest = Math.max(...noiseLevels(order, schedule));
  // Upwards, and no digit more for the rounding of 1 - 0.751.
  const least = Math.ceil((1 - highest) * 1000 - 1e-6) / 1000;
  return directed
    .filter((box) => !isInRange(box, highest))
    .map(
      ({ words, until }) =>
        `warning: "${words}" is not directed: none of the steps (${steps}) lies in its range, until ${until}; ` +
        `until ${least} is the least that has one.`,
    );
}

/** The denoiser that an order asks for. Maps come back at the steps that the order looks at. */
export function denoiserOf(order: Order, parts: RunParts): Denoiser {
  const { schedule, sites, cells, negative } = parts;
  const heeded = heeding(parts.network, order.signal);
  const network = order.takesGuidance ? told(heeded, order.cfg) : heeded;
  const coarse = coarseSites(sites, cells);
  const read = coarse.map(({ name }) => name);
  const placement = placementOf(order);
  const looks = looksAt(order, schedule);
  const denoiser = guided(network, negative, order.takesGuidance ? 1 : order.cfg);
  const isPlain = order.boxes.length === 0 && order.heatmaps.length === 0;
  if (isPlain || (order.method.name === "none" && !parts.isLean)) {
    return observed(denoiser, network, read, looks);
  }
  const { method } = order;
  const options = {
    placements: order.seeds.map(() => ({
      ...placement,
      regions: method.name === "none" ? [] : placement.regions,
    })),
    grids: gridsOf(parts.edited === "all" ? sites.filter(({ kind }) => kind === "cross") : coarse),
    run: noiseLevels(order, schedule),
    trainTimesteps: schedule.trainTimesteps,
    read,
    otherwise: parts.isLean ? "neutral" : "plain",
  } as const;
  return observed(enforce(method, denoiser, network, options, coarse), network, read, looks);
}

/** The network with an end of every evaluation when `signal` aborts: those that a search asks between the steps too. */
function heeding(network: Denoiser, signal: AbortSignal | undefined): Denoiser {
  if (!signal) return network;
  return {
    denoise: (x, level, condition, request) =>
      network.denoise(x, level, condition, { ...request, signal }),
    ...(network.pullback && {
      pullback: (x, level, condition, request, objective) =>
        network.pullback!(x, level, condition, { ...request, signal }, objective),
    }),
  };
}

function enforce(
  method: Method,
  denoiser: Denoiser,
  network: Denoiser,
  options: Omit<PlacedOptions, "rule">,
  coarse: readonly AttentionSite[],
): Denoiser {
  if (method.name !== "dd") return placed(denoiser, { ...options, rule: ruleOf(method) });
  const search = {
    ...method,
    sites: coarse.map(({ name }) => name),
    siteGrids: Object.fromEntries(coarse.map((site) => [site.name, site])),
    grids: options.grids,
  };
  return optimised(denoiser, network, { ...options, search });
}

function ruleOf(method: Exclude<Method, { name: "dd" }>): EditRule {
  switch (method.name) {
    case "direct":
      return direct(method);
    case "dd-v1":
      return firstCode(method);
    case "none":
      // Only its form counts: without regions nothing is edited.
      return direct({ trailing: 0, gain: 0, lift: 1, outside: 1 });
  }
}

/** Whether the maps of a step are looked at: all for heat maps, those in the boxes' range for their share. */
function looksAt({ boxes, heatmaps }: Order, { trainTimesteps }: Schedule) {
  return (level: Level): boolean =>
    heatmaps.length > 0 || boxes.some((box) => isInRange(box, noiseLevel(level, trainTimesteps)));
}

/**
 * A denoiser whose predictions bear maps wherever `looks` says. Where its own evaluation gives none, the network
 * is asked once more, without guidance: what is looked at never changes the picture.
 */
function observed(
  denoiser: Denoiser,
  network: Denoiser,
  read: readonly string[],
  looks: (level: Level) => boolean,
): Denoiser {
  return {
    async denoise(x: Latent, level, condition, request) {
      const prediction = await denoiser.denoise(x, level, condition, request);
      if (prediction.maps || !looks(level)) return prediction;
      const { maps } = await network.denoise(x, level, condition, { read });
      return maps ? { ...prediction, maps } : prediction;
    },
  };
}
