// The graphs that every runtime runs, with what they are fed: each operator, and a tiny network both ways.

import { Generator } from "../../src/core/generator.js";
import { sizeOf } from "../../src/core/shape.js";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { mean, mul } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import type { Value } from "../../src/engine/graph.js";
import type { Tensors } from "../../src/engine/runtime/session.js";
import { parseUNetConfig, unet } from "../../src/models/unet/index.js";
import type { UNetInputs } from "../../src/models/unet/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { PackedWeights, Packing } from "../../src/nn/packed-weights.js";
import type { Weights, WeightSpec } from "../../src/nn/weights.js";
import { caseFeeds, caseGraph, withoutWeightGradients } from "../engine/case-graph.js";
import { operatorCases } from "../engine/cases/index.js";
import { fill } from "../engine/inputs.js";

export interface NamedGraph {
  readonly name: string;
  readonly build: () => Graph;
  readonly feeds: Tensors;
}

/** Each operator case with its gradients. */
export const operatorGraphs: readonly NamedGraph[] = operatorCases.map((c) => ({
  name: c.name,
  build: () => caseGraph(c),
  feeds: caseFeeds(c),
}));

/** Convolutions and their adjoints as far as providers have kernels for their gradients. */
export const nativeConvolutions: readonly NamedGraph[] = operatorCases
  .filter(({ name }) => name.startsWith("conv"))
  .map((c) => ({
    name: c.name,
    build: () => withoutWeightGradients(caseGraph(c)),
    feeds: caseFeeds(c),
  }));

const config = parseUNetConfig({
  block_out_channels: [8, 16],
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  layers_per_block: 1,
  attention_head_dim: [2, 4],
  use_linear_projection: true,
  cross_attention_dim: 6,
  norm_num_groups: 4,
});

const feeds: Record<keyof Omit<UNetInputs, "policy" | "guidance">, HostTensor> = {
  sample: fill({ shape: [2, 6, 4, 4], kind: "any" }, 1),
  timestep: floats([2], [999, 41.5]),
  context: fill({ shape: [2, 5, 6], kind: "any" }, 2),
};

function prediction(w: Weights): Value {
  const input = (name: keyof typeof feeds): Value =>
    w.graph.input(name, feeds[name].dtype, feeds[name].shape);
  const inputs = {
    sample: input("sample"),
    timestep: input("timestep"),
    context: input("context"),
  };
  return unet(w, config, inputs);
}

const specs = collectSpecs(prediction);

/** Weights of about unit gain, from the generator. */
function drawWeights(): Map<string, HostTensor<"float32">> {
  const generator = new Generator(7n);
  const draw = ({ shape, name }: WeightSpec): Float32Array => {
    const bound = shape.length > 1 ? Math.sqrt(3 / sizeOf(shape.slice(1))) : 0.2;
    const shift = shape.length === 1 && name.endsWith("weight") ? 1 : 0;
    return new Float32Array(sizeOf(shape)).map(() => (2 * generator.random() - 1) * bound + shift);
  };
  return new Map(specs.map((spec) => [spec.name, floats(spec.shape, draw(spec))]));
}

const packing = new Packing(specs);

function gradientGraph(): Graph {
  const graph = new Graph();
  const w = new PackedWeights(graph.input("weights", "float32", [packing.size]), packing);
  const y = prediction(w);
  const loss = mean(mul(y, y));
  graph.output("loss", loss);
  graph.output("gradient", w.gradient(loss));
  return graph;
}

/** A tiny U-Net: its prediction with constant weights, and the gradient of a loss to weights that are inputs. */
export function networkGraphs(): NamedGraph[] {
  const weights = drawWeights();
  const forward = (): Graph => {
    const w = new ConstantWeights(new Graph(), weights);
    w.graph.output("prediction", prediction(w));
    return w.graph;
  };
  const vector = floats([packing.size], packing.pack(weights));
  return [
    { name: "tiny U-Net", build: forward, feeds },
    {
      name: "gradient of a tiny U-Net",
      build: gradientGraph,
      feeds: { ...feeds, weights: vector },
    },
  ];
}
