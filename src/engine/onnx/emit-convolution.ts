// Convolution by the provider's own kernels, which want NCHW.

import type { Value } from "../graph.js";
import type { OnnxBuilder } from "./builder.js";

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];
const WEIGHT_TO_OIHW = [3, 2, 0, 1];

type Convolution = Value<"Conv2d"> | Value<"Conv2dInputGradient">;

/** Conv, or ConvTranspose for the gradient to the input. */
export function emitConvolution(value: Convolution, builder: OnnxBuilder): void {
  const [x, weight] = value.inputs as [Value, Value];
  const { stride, padding, groups } = value.attributes;
  const [kh, kw] = weight.shape as [number, number];
  const picture = builder.node("Transpose", [builder.nameOf(x)], { perm: TO_NCHW });
  const kernel = builder.node("Transpose", [builder.nameOf(weight)], { perm: WEIGHT_TO_OIHW });
  const common = { strides: stride, pads: padding, group: groups, kernel_shape: [kh, kw] };
  const made =
    value.op === "Conv2d"
      ? builder.node("Conv", [picture, kernel], common)
      : builder.node("ConvTranspose", [picture, kernel], {
          ...common,
          output_padding: leftOver(value),
        });
  builder.node("Transpose", [made], { perm: TO_NHWC }, { output: builder.nameOf(value) });
}

/** Rows and columns of the input that a strided convolution never reached. */
function leftOver(value: Convolution): number[] {
  const [y, weight] = value.inputs as [Value, Value];
  const { stride, padding } = value.attributes;
  return [0, 1].map((side) => {
    const reached = (y.shape[side + 1]! - 1) * stride[side]! + weight.shape[side]!;
    return value.shape[side + 1]! - (reached - padding[side]! - padding[side + 2]!);
  });
}
