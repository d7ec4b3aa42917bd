// A critic in a round: through which network and at which times it looks, and its weights beside the student's.

import { z } from "zod";
import type { Generator } from "../../core/generator.js";
import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import type { LogSnrSchedule } from "../../diffusion/index.js";
import { add, mul } from "../../engine/functions.js";
import type { Graph, Value } from "../../engine/graph.js";
import type { Tensors } from "../../engine/runtime/session.js";
import { unet2dFeatures } from "../../models/unet2d/index.js";
import { keepMaps } from "../../nn/attention.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { Packing } from "../../nn/packed-weights.js";
import { scoped } from "../../nn/weights.js";
import type { Weights } from "../../nn/weights.js";
import { diffuse } from "../../training/losses.js";
import type { LossBuilder } from "../../training/step.js";
import type { Teacher } from "../../training/teacher/index.js";
import { adversary, criticLogits } from "../critic.js";
import type { Seen } from "../critic.js";
import type { DistillationStep } from "../loss.js";
import { classLabelsOf, frozenWeights } from "../network.js";
import { declareLevel, levelFeeds } from "../path.js";

export const adversarialSchema = z
  .strictObject({
    /** How much passing for the data weighs beside the error to the target. */
    weight: z.number().positive(),
    /** Between which times pictures are noised for the critic. */
    from: z.number().min(0).max(1).default(0.02),
    to: z.number().min(0).max(1).default(0.4),
    /** How many times the student's learning rate the critic has: it has to tell what the student makes before that moves on. */
    rate: z.number().positive().default(1),
    /** Folder of the network through whose way down the critic looks, of the parent's form; the parent when absent. */
    network: z.string().min(1).optional(),
    /** Whose students are judged: the last round's alone, or each round's. */
    rounds: z.enum(["last", "all"]).default("last"),
  })
  .superRefine(({ from, to }, context) => {
    if (from < to) return;
    const message = `expected less than to, ${to}, got ${from}`;
    context.addIssue({ code: "custom", path: ["from"], message });
  });

export type Adversarial = z.infer<typeof adversarialSchema>;

/** Under which name the critic's weights stand, and its inputs. */
const CRITIC = "critic";

/** What a network at rest makes of noisy pictures on its way down. */
function sightOf(
  graph: Graph,
  { unet, weights }: Pick<Teacher, "unet" | "weights">,
  classLabels: Value | undefined,
): (sample: Value, timestep: Value) => Seen {
  const its = frozenWeights(graph, "sight", weights);
  return (sample, timestep) =>
    unet2dFeatures(its, unet, { sample, timestep, classLabels, policy: keepMaps });
}

/** A weight's multiple of the learning rate: a critic has its own. */
export function rateOf(adversarial: Adversarial): (spec: { readonly name: string }) => number {
  return ({ name }) => (name.startsWith(`${CRITIC}.`) ? adversarial.rate : 1);
}

/** A student's packing with a critic's weights beside, `critic.…`. */
export function withCritic({ specs }: Packing, { unet, size, weights }: Teacher): Packing {
  const critic = collectSpecs((its) => {
    const { graph } = its;
    const sample = graph.input("sample", "float32", [1, size, size, unet.in_channels]);
    const timestep = graph.input("timestep", "float32", [1]);
    const see = sightOf(graph, { unet, weights }, classLabelsOf(graph, unet, 1));
    criticLogits(scoped(its, CRITIC), see(sample, timestep));
  });
  return new Packing([...specs, ...critic]);
}

/** A student's weights alone, as `own` packs them, of a vector that may hold a critic's besides. */
export function withoutCritic(
  own: Packing,
  packing: Packing,
  vector: HostTensor<"float32">,
): HostTensor<"float32"> {
  if (own.size === packing.size) return vector;
  return floats([own.size], own.pack(packing.unpack(vector.data)));
}

/**
 * A step's loss with a critic's judgement of what the student made. Inputs besides: the level `critic.…` [N] and the
 * noise `critic.noise` [N, H, W, C] with which both kinds of pictures are shown.
 *
 * @param trained - weights of the student, and of the critic
 * @param sight - the network through whose way down it looks
 */
export function judged(
  trained: Weights,
  sight: Pick<Teacher, "unet" | "weights">,
  { loss, report, made, pictures }: DistillationStep,
  { weight, classLabels }: { readonly weight: number; readonly classLabels: Value | undefined },
): ReturnType<LossBuilder> {
  const { graph } = trained;
  const level = declareLevel(graph, CRITIC, made.shape[0]!);
  const noise = graph.input(`${CRITIC}.noise`, "float32", made.shape);
  const see = sightOf(graph, sight, classLabels);
  const shown = (x: Value): Seen =>
    see(diffuse(x, noise, level.alpha, level.sigma).noisy, level.timestep);
  const { passing, telling } = adversary(scoped(trained, CRITIC), shown(made), shown(pictures));
  return {
    loss: add(loss, add(mul(passing, weight), telling)),
    report: { ...report, passing, telling },
  };
}

/** The feeds of `judged`: each picture has a time of its own. */
export function criticFeeds(
  { from, to }: Adversarial,
  schedule: LogSnrSchedule,
  shape: readonly number[],
  stream: Generator,
): Tensors {
  const levels = Array.from({ length: shape[0]! }, () =>
    schedule.level(from + (to - from) * stream.random()),
  );
  return {
    ...levelFeeds(CRITIC, levels),
    [`${CRITIC}.noise`]: stream.randn(shape),
  };
}
