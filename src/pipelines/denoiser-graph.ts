// The graphs of a U-Net by what is asked of it: plain, with maps read or edited, or differentiated.

import { FollowspotError } from "../core/errors.js";
import type { Shape } from "../core/shape.js";
import { gradient } from "../engine/gradient.js";
import type { Graph, Value } from "../engine/graph.js";
import { expectSites, outputMaps } from "../guidance/maps.js";
import { isObjective, OBJECTIVES } from "../guidance/objectives.js";
import { editAt } from "../guidance/placement/edit.js";
import { unet } from "../models/unet/index.js";
import type { UNetConfig } from "../models/unet/index.js";
import type { AttentionPolicy, AttentionSite } from "../nn/attention.js";
import { timestepSinusoids } from "../nn/timestep.js";
import type { Weights } from "../nn/weights.js";

/** What a graph is compiled for; requests that agree in it share a session. */
export interface GraphRequest {
  /** Shape of the noisy latents, [N, H, W, C]. */
  readonly sample: Shape;
  /** Shape of the embeddings, [N, T, D]. */
  readonly context: Shape;
  /** Sites whose maps are outputs, or are what the objective reads. */
  readonly read: readonly string[];
  /** Names of the edit inputs. */
  readonly edits: readonly string[];
  readonly objective?: { readonly loss: string; readonly wrt: readonly string[] };
}

/** Input of networks that take guidance as a number: 1000 (scale - 1), [N]. */
export const GUIDANCE = "guidance";

/** What is differentiated by when the latent is. */
export const LATENT = "x";

export const gradientName = (input: string): string => `gradient.${input}`;

/**
 * The graph of a request. Inputs: `sample`, `timestep`, `context`, the edits and the objective's own.
 * Outputs: `output` and the maps read, mean over heads [N, cells, T]; with an objective `loss` and its gradients.
 *
 * @throws FollowspotError for a site, a loss or a gradient that there is none of.
 */
export function denoiserGraph(weights: Weights, config: UNetConfig, request: GraphRequest): Graph {
  const { graph } = weights;
  const { sample, context, read } = request;
  const maps = new Map<AttentionSite, Value>();
  const seen: string[] = [];
  const policy = policyOf(graph, request, maps, seen);
  const x = graph.input("sample", "float32", sample);
  const output = unet(weights, config, {
    sample: x,
    timestep: graph.input("timestep", "float32", [sample[0]!]),
    context: graph.input("context", "float32", context),
    policy,
    ...guidanceOf(graph, config, sample[0]!),
  });
  expectSites(read, seen);
  if (request.objective) return objectiveGraph(graph, request.objective, maps, x);
  graph.output("output", output);
  for (const [site, value] of maps) outputMaps(graph, site.name, value);
  return graph;
}

// As diffusers' get_guidance_scale_embedding: of a thousand times the scale beyond 1.
function guidanceOf(
  graph: Graph,
  { time_cond_proj_dim: width }: UNetConfig,
  rows: number,
): { readonly guidance?: Value } {
  if (width === null) return {};
  return { guidance: timestepSinusoids(graph.input(GUIDANCE, "float32", [rows]), width) };
}

function policyOf(
  graph: Graph,
  { sample, read, edits }: GraphRequest,
  maps: Map<AttentionSite, Value>,
  seen: string[],
): AttentionPolicy {
  const names = new Set(edits);
  return {
    at(site) {
      seen.push(site.name);
      const edit = editAt(graph, names, site, sample[0]!);
      if (!read.includes(site.name)) return edit ?? "fused";
      return (value) => {
        maps.set(site, value);
        return edit ? edit(value) : value;
      };
    },
  };
}

function objectiveGraph(
  graph: Graph,
  { loss: name, wrt }: NonNullable<GraphRequest["objective"]>,
  maps: ReadonlyMap<AttentionSite, Value>,
  x: Value,
): Graph {
  if (!isObjective(name)) {
    const known = Object.keys(OBJECTIVES).join(", ");
    throw new FollowspotError(`objective: expected one of ${known}, got ${name}.`);
  }
  const loss = OBJECTIVES[name](graph, maps);
  const targets = wrt.map((input) => (input === LATENT ? x : graph.inputs.get(input)));
  const missing = wrt.find((_, i) => !targets[i]);
  if (missing !== undefined) {
    throw new FollowspotError(
      `objective: expected ${LATENT} or an edit input to differentiate by, got ${missing}.`,
    );
  }
  graph.output("loss", loss);
  gradient(loss, targets as Value[]).forEach((value, i) => {
    graph.output(gradientName(wrt[i]!), value);
  });
  return graph;
}
