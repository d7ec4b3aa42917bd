// The loss of a text-to-image student: teacher with its guidance and its edits, target network and student in one graph.

import { floats, integers } from "../../core/tensor.js";
import { add, expand, lessOrEqual, mul, reshape, sub, where } from "../../engine/functions.js";
import type { Graph, Value } from "../../engine/graph.js";
import { editAt, editName } from "../../guidance/placement/edit.js";
import { gridsOf } from "../../guidance/placement/region.js";
import type { Grid } from "../../guidance/placement/region.js";
import type { LevelValues, Predict } from "../../guidance/self-attention/index.js";
import { HEADS, PREDICTION_OF_HEAD } from "../../diffusion/index.js";
import { textEncoder } from "../../models/text-encoder/index.js";
import { sitesOf, unet, unetFeatures } from "../../models/unet/index.js";
import { keepMaps } from "../../nn/attention.js";
import type { AttentionPolicy, MapsFunction } from "../../nn/attention.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { PackedWeights, Packing } from "../../nn/packed-weights.js";
import { scoped } from "../../nn/weights.js";
import type { Weights } from "../../nn/weights.js";
import type { LossBuilder } from "../../training/step.js";
import { frozenVector } from "../frozen.js";
import { distillationLoss } from "../loss.js";
import type { Distance, DistillationShape } from "../loss.js";
import { cleanPicture, frozenWeights } from "../network.js";
import { perceptualDistance } from "../perceptual.js";
import type { Features } from "../perceptual.js";
import type { TextStudentConfig } from "./config.js";
import type { TextParent } from "./parent.js";

/** Name of the trained network's weights in the packing. */
export const STUDENT = "unet";

/** The packing of a student: its parent's network, nothing else is trained. */
export function textStudentPacking({ unet: config, latentSize, text }: TextParent): Packing {
  return new Packing(
    collectSpecs((weights) => {
      const { graph } = weights;
      const cells = [1, latentSize, latentSize, config.in_channels];
      void unet(scoped(weights, STUDENT), config, {
        sample: graph.input("sample", "float32", cells),
        timestep: graph.input("timestep", "float32", [1]),
        context: graph.input("context", "float32", [1, 1, text.config.hidden_size]),
      });
    }),
  );
}

/** The resolutions whose cross-attention is edited: all that there are. */
export function editedGrids({ unet: config, latentSize, tokenizer }: TextParent): Grid[] {
  const sites = sitesOf(config, latentSize, latentSize, tokenizer.maxLength);
  return gridsOf(sites.filter(({ kind }) => kind === "cross"));
}

/**
 * The loss of one update. Inputs: those of `distillation` with latents for pictures, `ids` int64 [N, T], and where the
 * configuration has edits, `edit.<grid>.multiply` and `.relative` [N, cells, T]; where it has walks, those of `walkFeeds`. Evaluations at levels below the edits'
 * range see no edit, whoever is asked.
 */
export function textStudentLoss(
  parent: TextParent,
  config: TextStudentConfig,
  packing: Packing,
): LossBuilder {
  const { batch, target, cfg } = config;
  const { latentSize, unet: network } = parent;
  return (trained, graph) => {
    const { prompt, empty } = contexts(graph, parent, batch);
    const asked = (weights: Weights, context: Value, directed: boolean): Predict =>
      textPredictor(
        graph,
        weights,
        parent,
        context,
        directed ? config : { ...config, edits: null },
      );
    const teacher = frozenWeights(graph, "teacher", parent.weights);
    const average = (): Predict => {
      const frozen = new PackedWeights(frozenVector(graph, packing, target.network), packing);
      return asked(scoped(frozen, STUDENT), prompt, true);
    };
    const own = target.kind === "consistency" || target.walked > 0 ? average() : undefined;
    const networks = {
      student: asked(scoped(trained, STUDENT), prompt, true),
      teacher: guidedBy(asked(teacher, prompt, true), asked(teacher, empty, false), cfg),
      average: own,
      walker: target.walked > 0 ? own : undefined,
    };
    const shape: DistillationShape = {
      ...{ batch, substeps: target.substeps, steps: config.levels },
      picture: [latentSize, latentSize, network.in_channels],
    };
    const seen = (): Distance =>
      perceptualDistance(featuresBy(teacher, parent, empty), target.features);
    const distance = target.features > 0 ? seen() : undefined;
    return distillationLoss(graph, target.kind, networks, shape, distance);
  };
}

/** What a network's way down makes of clean latents. */
function featuresBy(weights: Weights, { unet: config }: TextParent, context: Value): Features {
  return (sample) => {
    const timestep = expand(sample.graph.constant(floats([1], [0])), [sample.shape[0]!]);
    return unetFeatures(weights, config, { sample, timestep, context, policy: keepMaps });
  };
}

/** Classifier-free guidance: u + w (c - u). */
function guidedBy(conditional: Predict, unconditional: Predict, cfg: number): Predict {
  if (cfg === 1) return conditional;
  return (x, level) => {
    const free = unconditional(x, level);
    return add(free, mul(sub(conditional(x, level), free), cfg));
  };
}

/** States of the captions, input `ids` int64 [N, T], and of the empty prompt: [N, T, D] each. */
export function contexts(
  graph: Graph,
  { text, tokenizer }: TextParent,
  batch: number,
): { readonly prompt: Value; readonly empty: Value } {
  const weights = frozenWeights(graph, "text", text.weights);
  const { maxLength } = tokenizer;
  const states = (ids: Value): Value => textEncoder(weights, text.config, ids).lastHiddenState;
  const none = graph.constant(integers([1, maxLength], tokenizer.encode("").ids));
  return {
    prompt: states(graph.input("ids", "int64", [batch, maxLength])),
    empty: expand(states(none), [batch, maxLength, text.config.hidden_size]),
  };
}

/** The clean latents that a network of the parent's form expects, with the inputs of its edits where there are any. */
export function textPredictor(
  graph: Graph,
  weights: Weights,
  { unet: network, schedule }: TextParent,
  context: Value,
  { batch, edits }: Pick<TextStudentConfig, "batch" | "edits">,
): Predict {
  const { trainTimesteps } = schedule;
  const head = HEADS.find((each) => PREDICTION_OF_HEAD[each] === schedule.config.prediction)!;
  return (x, level) => {
    const within = (until: number): Value => gateOf(level, until, trainTimesteps);
    const policy = edits
      ? editing(graph, batch, { edited: within(edits.until), lifted: within(edits.lift) })
      : keepMaps;
    const inputs = { sample: x, timestep: level.timestep, context, policy };
    return cleanPicture(head, unet(weights, network, inputs), x, level);
  };
}

/** 1 where a level is in the edits' range, else 0: [N, 1, 1, 1]. */
function gateOf({ timestep }: LevelValues, until: number, trainTimesteps: number): Value {
  const least = (1 - until) * trainTimesteps;
  const { graph } = timestep;
  const gate = where(lessOrEqual(graph.scalar(least), timestep), 1, 0);
  return reshape(gate, [timestep.shape[0]!, 1, 1, 1]);
}

/** 1 where maps are edited, and where windows are added to them, else 0: [N, 1, 1, 1] each. */
interface Gates {
  readonly edited: Value;
  readonly lifted: Value;
}

/** Edits where their gates are 1, the maps as they are where these are 0. */
function editing(graph: Graph, rows: number, { edited, lifted }: Gates): AttentionPolicy {
  return {
    at(site): MapsFunction {
      const part = (name: "multiply" | "relative"): MapsFunction | undefined =>
        editAt(graph, new Set([editName(site, name)]), site, rows);
      const [weaken, lift] = [part("multiply"), part("relative")];
      if (!weaken || !lift) return (maps) => maps;
      return (maps) => {
        const changed = add(sub(weaken(maps), maps), mul(sub(lift(maps), maps), lifted));
        return add(maps, mul(changed, edited));
      };
    },
  };
}
