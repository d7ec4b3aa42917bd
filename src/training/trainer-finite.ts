// Whether a run's numbers are finite, and which is not.

import { FollowspotError } from "../core/errors.js";
import { sizeOf } from "../core/shape.js";
import type { Tensors } from "../engine/runtime/session.js";
import type { Packing } from "../nn/packed-weights.js";
import { STATE_NAMES } from "./step.js";
import type { TrainingState } from "./trainer.js";

/** What a number that is not finite comes from: the step's own change, its loss or gradient, its batch, or what it began with. */
export type Origin = "change" | "gradient" | "batch" | "start";

/** A step or a state that is not finite. */
export class NotFinite extends FollowspotError {
  constructor(
    what: string,
    readonly origin: Origin,
    remedy?: string,
  ) {
    super(`train: expected finite values, got ${what}.`, remedy === undefined ? {} : { remedy });
  }
}

/** Whether all values are finite: float32 summed in float64 cannot overflow, and NaN and infinities stay in the sum. */
export function allFinite(values: ArrayLike<number>): boolean {
  let [even, odd] = [0, 0];
  // Two sums, since each addition waits for the one before it.
  for (let i = 0; i + 1 < values.length; i += 2) {
    even += values[i]!;
    odd += values[i + 1]!;
  }
  return Number.isFinite(even + odd + (values.length % 2 === 1 ? values[values.length - 1]! : 0));
}

/** The first value of a state that is not finite, `parameters: conv_in.weight = NaN`; undefined when all are. */
export function faultOfState(
  state: TrainingState,
  packing?: Pick<Packing, "specs" | "offsetOf">,
): string | undefined {
  for (const name of STATE_NAMES) {
    const { data } = state[name];
    if (allFinite(data)) continue;
    const index = data.findIndex((value) => !Number.isFinite(value));
    return `${name}: ${weightAt(index, packing)} = ${data[index]!}`;
  }
  return undefined;
}

/**
 * The weight whose gradient overflowed, by the first moments that it made; undefined where all are finite, or none: a
 * gradient that is no number anywhere has no norm to be cut by, and spoils them all.
 */
export function faultOfGradient(
  { data }: TrainingState["firstMoment"],
  packing?: Pick<Packing, "specs" | "offsetOf">,
): string | undefined {
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index < 0 || !data.some(Number.isFinite)) return undefined;
  return weightAt(index, packing);
}

function weightAt(index: number, packing?: Pick<Packing, "specs" | "offsetOf">): string {
  const spec = packing?.specs.find(({ name, shape }) => {
    const start = packing.offsetOf(name);
    return start <= index && index < start + sizeOf(shape);
  });
  return spec?.name ?? `value ${index}`;
}

/** The first tensor of a batch that is not finite, by its name. */
export function faultOfBatch(batch: Tensors): string | undefined {
  return Object.entries(batch).find(
    ([, { dtype, data }]) => dtype === "float32" && !allFinite(data as Float32Array),
  )?.[0];
}
