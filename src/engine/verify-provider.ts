// Which ONNX operators of ours each provider runs, and what a graph must be lowered with to keep to them.

import { isOp } from "./graph.js";
import type { Value } from "./graph.js";

/** Where graphs run: runtime and execution provider. */
export type Provider = "node-cpu" | "node-webgpu" | "web-wasm" | "web-webgpu";

/** Operators of ONNX's own domain that the writer emits; every CPU runs them. */
const STANDARD = [
  ...["Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Erf", "Sin", "Cos", "Sigmoid", "Tanh", "Relu"],
  ...["Abs", "Sign", "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Less", "LessOrEqual"],
  ...["Equal", "Where", "Cast", "ReduceSum", "ReduceMax", "Reshape", "Transpose", "Concat"],
  ...["Slice", "Pad", "Expand", "Gather", "ScatterElements", "MatMul", "Softmax", "Identity"],
  ...["Conv", "ConvTranspose"],
];

/** Kernels that fuse several of those, in Node and in Wasm alike; WebGPU is not asked for them. */
const FUSED = ["FusedMatMul", "MultiHeadAttention", "QuickGelu"].map((op) => `com.microsoft.${op}`);

/** A kernel that WebGPU has and that adds wrongly there. */
const GROUPED_ADJOINT = "ConvTranspose with groups";

const ON_CPU: ReadonlySet<string> = new Set([...STANDARD, GROUPED_ADJOINT, "Gelu", ...FUSED]);

/** WebGPU's sines are too coarse; signs and scattered sums would leave the device. */
const NOT_ON_WEBGPU = new Set(["Sin", "Cos", "Sign", "ScatterElements"]);
const ON_WEBGPU: ReadonlySet<string> = new Set(STANDARD.filter((op) => !NOT_ON_WEBGPU.has(op)));

/** Operators by provider, those of other domains as `domain.Name`. */
export const KERNELS: Readonly<Record<Provider, ReadonlySet<string>>> = {
  "node-cpu": ON_CPU,
  "node-webgpu": ON_WEBGPU,
  "web-wasm": ON_CPU,
  "web-webgpu": ON_WEBGPU,
};

/** The kernel that a value needs beyond those that every provider has, with what to lower the graph with instead. */
function special(value: Value): { kernel: string; remedy: string } | undefined {
  const remedy = "Lower the graph with fused: false.";
  if (isOp(value, "Swish")) return { kernel: "com.microsoft.QuickGelu", remedy };
  if (isOp(value, "Gelu")) return { kernel: "Gelu", remedy };
  if (isOp(value, "Attention")) return { kernel: "com.microsoft.MultiHeadAttention", remedy };
  if (isOp(value, "MatMul") && (value.attributes.transA || value.attributes.transB)) {
    return { kernel: "com.microsoft.FusedMatMul", remedy };
  }
  const onWebGpu = "Lower the graph with webgpu: true.";
  if (NOT_ON_WEBGPU.has(value.op)) return { kernel: value.op, remedy: onWebGpu };
  if (isOp(value, "ScatterAdd")) return { kernel: "ScatterElements", remedy: onWebGpu };
  if (isOp(value, "Conv2dInputGradient") && value.attributes.groups > 1) {
    return { kernel: GROUPED_ADJOINT, remedy: onWebGpu };
  }
  if (isOp(value, "Conv2dWeightGradient")) {
    return {
      kernel: "Conv2dWeightGradient",
      remedy: 'Lower the graph with convolution: "columns".',
    };
  }
  return undefined;
}

/** Throws, with the remedy, when `provider` has no kernel for `value`. */
export function expectAvailable(value: Value, provider: Provider): void {
  const need = special(value);
  if (!need || KERNELS[provider].has(need.kernel)) return;
  throw new Error(
    `verify: %${value.id} ${value.op}: expected an operator of ${provider}, ` +
      `got one that needs ${need.kernel}. ${need.remedy}`,
  );
}
