// Which ONNX operators of ours each provider runs, and what a graph must be lowered with to keep to them.

import { isOp } from "./graph.js";
import type { Value } from "./graph.js";

/** Where graphs run: runtime and execution provider. */
export type Provider = "node-cpu" | "node-webgpu" | "web-wasm" | "web-webgpu";

/** Operators of ONNX's own domain that the writer emits; every provider runs them. */
const STANDARD = [
  ...["Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Erf", "Sin", "Cos", "Sigmoid", "Tanh", "Relu"],
  ...["Abs", "Sign", "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Less", "LessOrEqual"],
  ...["Equal", "Where", "Cast", "ReduceSum", "ReduceMax", "Reshape", "Transpose", "Concat"],
  ...["Slice", "Pad", "Expand", "Gather", "ScatterElements", "MatMul", "Softmax", "Identity"],
  ...["Conv", "ConvTranspose"],
];

/** Kernels of com.microsoft, which only the CPU of Node is asked for: elsewhere they would leave the device. */
const FUSED = ["FusedMatMul", "MultiHeadAttention", "QuickGelu"].map((op) => `com.microsoft.${op}`);

const PORTABLE: ReadonlySet<string> = new Set(STANDARD);

/** Operators by provider, those of other domains as `domain.Name`. */
export const KERNELS: Readonly<Record<Provider, ReadonlySet<string>>> = {
  "node-cpu": new Set([...STANDARD, "Gelu", ...FUSED]),
  "node-webgpu": PORTABLE,
  "web-wasm": PORTABLE,
  "web-webgpu": PORTABLE,
};

/** The kernel that a value needs beyond the standard ones, with what to lower the graph with instead. */
function special(value: Value): { kernel: string; remedy: string } | undefined {
  const remedy = "Lower the graph with fused: false.";
  if (isOp(value, "Swish")) return { kernel: "com.microsoft.QuickGelu", remedy };
  if (isOp(value, "Gelu")) return { kernel: "Gelu", remedy };
  if (isOp(value, "Attention")) return { kernel: "com.microsoft.MultiHeadAttention", remedy };
  if (isOp(value, "MatMul") && (value.attributes.transA || value.attributes.transB)) {
    return { kernel: "com.microsoft.FusedMatMul", remedy };
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
