// Attention maps as a denoiser's graph gives them and as its predictions bear them.

import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import type { Latent } from "../diffusion/denoiser.js";
import { mean } from "../engine/functions.js";
import type { Graph, Value } from "../engine/graph.js";
import type { Tensors } from "../engine/runtime/session.js";
import { indicesOf, pickRows } from "./rows.js";

const outputName = (site: string): string => `maps.${site}`;

/**
 * Makes a site's maps [N, heads, cells, T] an output, their mean over heads: people and methods look at that, and the
 * maps are large.
 */
export function outputMaps(graph: Graph, site: string, maps: Value): void {
  graph.output(outputName(site), mean(maps, { axes: [1] }));
}

/** @throws FollowspotError when a site to read is none of those that there are */
export function expectSites(read: readonly string[], known: readonly string[]): void {
  const stray = read.find((name) => !known.includes(name));
  if (stray === undefined) return;
  throw new FollowspotError(
    `attention: expected a site of ${known.join(", ") || "none"}, got ${stray}.`,
  );
}

/** The maps of the sites in `read` among a graph's outputs, of the conditional rows alone. */
export function mapsOf(
  outputs: Tensors,
  read: readonly string[],
  conditional: readonly boolean[],
): Readonly<Record<string, HostTensor<"float32">>> {
  const rows = indicesOf(conditional);
  return Object.fromEntries(
    read.map((site) => [site, pickRows(outputs[outputName(site)] as Latent, rows)]),
  );
}
