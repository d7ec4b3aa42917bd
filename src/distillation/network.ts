// A UNet2DModel as a predictor of clean pictures in a graph: its head applied, its attention and its stages at hand.

import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import { PREDICTION_OF_HEAD } from "../diffusion/index.js";
import type { Head } from "../diffusion/index.js";
import { div, mul, sub } from "../engine/functions.js";
import type { Graph, Value } from "../engine/graph.js";
import { SiteRecorder } from "../guidance/self-attention/index.js";
import type { Attended, AttentiveNetwork, LevelValues } from "../guidance/self-attention/index.js";
import { unet2d } from "../models/unet2d/index.js";
import type { Dropout, UNet2DConfig, UNet2DStages } from "../models/unet2d/index.js";
import type { AttentionPolicy } from "../nn/attention.js";
import { fusedPolicy } from "../nn/attention.js";
import { ConstantWeights } from "../nn/constant-weights.js";
import { scoped } from "../nn/weights.js";
import type { Weights } from "../nn/weights.js";
import { perPicture } from "../training/losses.js";
import type { Teacher } from "../training/teacher/index.js";
import { headPrediction } from "../training/teacher/network.js";

/** The clean pictures behind `x` from a network's output [N, H, W, C], or [N, H, W, 2C] where it predicts both. */
export function cleanPicture(head: Head, output: Value, x: Value, level: LevelValues): Value {
  const prediction = headPrediction(head, output, level);
  const [alpha, sigma] = [perPicture(level.alpha), perPicture(level.sigma)];
  const type = PREDICTION_OF_HEAD[head];
  switch (type) {
    case "v_prediction":
      return sub(mul(alpha, x), mul(sigma, prediction));
    case "sample":
      return prediction;
    case "epsilon":
      return div(sub(x, mul(sigma, prediction)), alpha);
    default:
      return type satisfies never;
  }
}

/** Throws FollowspotError, naming the option, where a folder has encoder and predictor: the network alone would be distilled. */
export function expectAlone(option: string, { facts }: Pick<Teacher, "facts">): void {
  if (facts.semantic === undefined) return;
  throw new FollowspotError(
    `distil: ${option}: expected a network alone, got one with encoder and predictor.`,
    { remedy: "Name the folder that they were trained beside: they would be left out." },
  );
}

/** Throws FollowspotError, naming the option, where a network's head tells nothing at t = 1. */
export function expectPictureHead(option: string, { head }: { readonly head: Head }): void {
  if (head !== "eps") return;
  throw new FollowspotError(
    `distil: ${option}: expected a network with head v, x0 or both, got eps.`,
    { remedy: "A noise prediction tells no picture where there is noise alone, at t = 1." },
  );
}

/** Throws FollowspotError, naming the option, where a network's answer does not become `x` as noise ends. */
export function expectSkipHead(option: string, { head }: { readonly head: Head }): void {
  if (head !== "x0") return;
  throw new FollowspotError(
    `distil: ${option}: expected a network with head v or both for a consistency target, got x0.`,
    {
      remedy:
        "A consistency model answers x itself where noise ends, and a network that puts out pictures has to " +
        "learn that. Take another target, or a teacher of head v.",
    },
  );
}

/** Throws FollowspotError where classes are to be dropped that a network does not have. */
export function expectDropout(
  { class_dropout: share }: { readonly class_dropout: number },
  { unet }: Pick<Teacher, "unet">,
): void {
  if (share === 0 || unet.num_class_embeds !== null) return;
  throw new FollowspotError(
    `distil: class_dropout: expected 0 for a network without classes, got ${share}.`,
    { remedy: "There is none to drop: leave it out." },
  );
}

/** Throws FollowspotError, naming both, where two networks differ in more than their weights. */
export function expectOneForm(
  names: string,
  one: Pick<Teacher, "unet" | "head" | "facts">,
  other: Pick<Teacher, "unet" | "head" | "facts">,
): void {
  const told = ({ unet, head, facts }: typeof one): string =>
    JSON.stringify([head, facts.schedule, { ...unet, dropout: 0 }]);
  if (told(one) === told(other)) return;
  throw new FollowspotError(
    `distil: expected ${names} of one form, got ${told(one)} and ${told(other)}.`,
    { remedy: "Give networks that come from one teacher." },
  );
}

export interface PictureNetworkOptions {
  readonly head: Head;
  /** Self-attention site that `attend` looks at. */
  readonly site?: string | undefined;
  /** Classes, int64 [N], where the network has them. */
  readonly classLabels?: Value | undefined;
  /** What the other sites do; fused when absent. */
  readonly policy?: AttentionPolicy | undefined;
  readonly dropout?: Dropout | undefined;
}

/** A prediction and what the network made on the way. */
export interface Staged {
  readonly x0: Value;
  readonly stages: UNet2DStages;
}

export interface PictureNetwork extends AttentiveNetwork {
  readonly staged: (x: Value, level: LevelValues) => Staged;
}

/** A UNet2DModel in a graph. */
export function pictureNetwork(
  weights: Weights,
  config: UNet2DConfig,
  options: PictureNetworkOptions,
): PictureNetwork {
  const { head, site, classLabels, policy = fusedPolicy, dropout } = options;
  const build = (x: Value, level: LevelValues, its: AttentionPolicy): Staged => {
    const inputs = { sample: x, timestep: level.timestep, classLabels, policy: its, dropout };
    const { output, encoder } = unet2d(weights, config, inputs);
    return { x0: cleanPicture(head, output, x, level), stages: encoder };
  };
  const attend = (x: Value, level: LevelValues): Attended => {
    if (site === undefined) throw new Error("attention guidance: expected a site, got none");
    const recorder = new SiteRecorder(site, policy);
    const { x0 } = build(x, level, recorder);
    return { x0, maps: recorder.maps };
  };
  const staged = (x: Value, level: LevelValues): Staged => build(x, level, policy);
  return { predict: (x, level) => staged(x, level).x0, attend, staged };
}

/** The input `classLabels`, int64 [rows], of a network that has classes. */
export function classLabelsOf(
  graph: Graph,
  { num_class_embeds: classes }: UNet2DConfig,
  rows: number,
): Value | undefined {
  return classes === null ? undefined : graph.input("classLabels", "int64", [rows]);
}

/**
 * Weights of a network at rest, as constants of the graph under a name of its own: constants of one name are one
 * value, and networks of one form share the names of their weights.
 */
export function frozenWeights(
  graph: Graph,
  name: string,
  weights: ReadonlyMap<string, HostTensor>,
): Weights {
  const named = [...weights].map(([weight, value]) => [`${name}.${weight}`, value] as const);
  return scoped(new ConstantWeights(graph, new Map(named)), name);
}
