// The made-up attentive network of scripts/goldens/sferd_guidance.py, in a graph and as a denoiser.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { toX0 } from "../../src/diffusion/index.js";
import type { Denoiser } from "../../src/diffusion/index.js";
import { attentionMaps } from "../../src/engine/attention.js";
import { add, expand, matmul, mean, mul, reshape, sub, tanh } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import type { Value } from "../../src/engine/graph.js";
import type { AttentiveNetwork, LevelValues } from "../../src/guidance/self-attention/index.js";
import { runOnce } from "../models/goldens.js";

export interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface GuidanceGoldens {
  readonly query: Stored;
  readonly key: Stored;
  readonly x: Stored;
  readonly levels: Readonly<Record<"alpha" | "sigma" | "timestep", number[]>>;
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly options: {
          readonly scale: number;
          readonly threshold: number;
          readonly kernel: number;
          readonly sigma: number;
          readonly clamp: number | null;
          readonly form: "exact" | "direct";
        };
        readonly mask: Stored;
        readonly guided: Stored;
        readonly received?: Stored;
        readonly noisy?: Stored;
      }
    >
  >;
  readonly blur: {
    readonly x: Stored;
    readonly cases: readonly {
      readonly kernel: number;
      readonly sigma: number;
      readonly blurred: Stored;
    }[];
  };
}

const PATH = fileURLToPath(new URL("../golden/sferd/guidance.json", import.meta.url));
export const GOLDENS = JSON.parse(readFileSync(PATH, "utf8")) as GuidanceGoldens;

export const host = ({ shape, data }: Stored): HostTensor<"float32"> => floats(shape, data);

const HEADS = 2;
const SQUARE = 4;

/** [N, H, W, C] -> the means of squares [N, cells, C]. */
function pooled(x: Value): Value {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const squares = reshape(x, [n, h / SQUARE, SQUARE, w / SQUARE, SQUARE, c]);
  return reshape(mean(squares, { axes: [2, 4] }), [n, -1, c]);
}

function velocity(x: Value, timestep: Value): { output: Value; maps: Value } {
  const { graph } = x;
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const tokens = pooled(x);
  const weight = (stored: Stored, name: string): Value => graph.constant(host(stored), name);
  const q = matmul(tokens, weight(GOLDENS.query, "query"));
  const k = matmul(tokens, weight(GOLDENS.key, "key"));
  const scale = 1 / Math.sqrt(GOLDENS.query.shape[1]! / HEADS);
  const maps = attentionMaps(q, k, { heads: HEADS, scale });
  const mixed = matmul(mean(maps, { axes: [1] }), tokens);
  const [rows, columns] = [h / SQUARE, w / SQUARE];
  const squares = expand(reshape(mixed, [n, rows, 1, columns, 1, c]), [
    ...[n, rows, SQUARE, columns, SQUARE, c],
  ]);
  const wide = reshape(squares, x.shape);
  const time = mul(reshape(timestep, [n, 1, 1, 1]), 1e-3);
  return { output: tanh(add(sub(mul(x, 0.7), mul(wide, 0.9)), time)), maps };
}

/** In a graph. */
export const goldenNetwork: AttentiveNetwork = {
  predict: (x, level) => goldenNetwork.attend(x, level).x0,
  attend: (x, { alpha, sigma, timestep }) => {
    const per = (value: Value): Value => reshape(value, [-1, 1, 1, 1]);
    const { output, maps } = velocity(x, timestep);
    return { x0: sub(mul(per(alpha), x), mul(per(sigma), output)), maps };
  },
};

/** Levels as inputs of a graph. */
export function levelInputs(graph: Graph, batch: number): LevelValues {
  const input = (name: string): Value => graph.input(name, "float32", [batch]);
  return { alpha: input("alpha"), sigma: input("sigma"), timestep: input("timestep") };
}

/** As a denoiser with one site, "only". */
export const goldenDenoiser: Denoiser = {
  async denoise(x, level, _condition, request = {}) {
    const graph = new Graph();
    const rows = x.shape[0]!;
    const timestep = graph.input("timestep", "float32", [rows]);
    const { output, maps } = velocity(graph.input("x", "float32", x.shape), timestep);
    graph.output("output", output);
    graph.output("maps", mean(maps, { axes: [1] }));
    const timesteps = floats([rows], new Float32Array(rows).fill(level.timestep));
    const made = await runOnce(graph, { x, timestep: timesteps });
    const x0 = toX0("v_prediction", made["output"] as HostTensor<"float32">, x, level);
    if (!request.read?.includes("only")) return { x0 };
    return { x0, maps: { only: made["maps"] as HostTensor<"float32"> } };
  },
};
