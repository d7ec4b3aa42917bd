// A thin Inception-v3 for tests: a sixteenth of the channels, weights by the formula of scripts/goldens/inception.py.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { fill, indices } from "../engine/inputs.js";

const GOLDEN = fileURLToPath(new URL("../golden/inception/thin.json", import.meta.url));

interface Golden {
  specs: [scope: string, shape: number[]][];
  pictures: { count: number; side: number; seed: number };
  resized: { every: number; values: number[] };
  values: Record<"pool2" | "mixed_2" | "mixed_7" | "mixed_8" | "features" | "logits", number[]>;
}

export const golden = JSON.parse(readFileSync(GOLDEN, "utf8")) as Golden;
const { count, side, seed } = golden.pictures;

const scaled = (shape: number[], place: number, scale: number): HostTensor<"float32"> => {
  const values = fill({ shape, kind: "any" }, place).data as Float32Array;
  return floats(
    shape,
    values.map((value) => value * Math.fround(scale)),
  );
};

/** The weights of scripts/goldens/inception.py. */
export function thinWeights(): Map<string, HostTensor<"float32">> {
  const tensors = new Map<string, HostTensor<"float32">>();
  golden.specs.forEach(([scope, shape], i) => {
    const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
    tensors.set(`${scope}.weight`, scaled(shape, 2 * i + 1, Math.sqrt(1.5 / inputs)));
    tensors.set(`${scope}.bias`, scaled(shape.slice(0, 1), 2 * i + 2, 0.1));
  });
  return tensors;
}

/** The golden's pictures. */
export const pixels = Uint8Array.from(
  fill(indices(256, count, side, side, 3), seed).data as BigInt64Array,
  Number,
);
