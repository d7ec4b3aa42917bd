// A teacher as a denoiser, compiled for batches of one shape.

import { floats, integers } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Condition, Denoiser, Latent, Level, Prediction } from "../../diffusion/denoiser.js";
import { PREDICTION_OF_HEAD, toX0 } from "../../diffusion/parameterisations.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime, Session, Tensors } from "../../engine/runtime/session.js";
import type { Weights } from "../../nn/weights.js";
import { teacherPrediction } from "./network.js";
import type { TeacherNetwork } from "./network.js";

export interface TeacherDenoiserOptions extends TeacherNetwork {
  readonly runtime: Runtime;
  /** The network's weights in a graph. */
  readonly weights: (graph: Graph) => Weights;
  /** Values of further inputs that the weights have. */
  readonly feeds?: Tensors;
  /** Shape of the batches, [N, S, S, C]. */
  readonly shape: readonly number[];
}

/** Classes as a condition, [N, 1, 1], or that there are none, [N, 0, 0]. The class after the last is none. */
export function classCondition(rows: number, classes: readonly number[] | undefined): Condition {
  const conditional = new Array<boolean>(rows).fill(true);
  if (!classes) return { embeddings: floats([rows, 0, 0], []), conditional };
  return { embeddings: floats([rows, 1, 1], classes), conditional };
}

/** A compiled teacher. Its conditions are those of `classCondition`. Release it when done. */
export class TeacherDenoiser implements Denoiser {
  private constructor(
    private readonly session: Session,
    private readonly options: TeacherDenoiserOptions,
  ) {}

  static async create(options: TeacherDenoiserOptions): Promise<TeacherDenoiser> {
    const { runtime, weights, shape, unet } = options;
    const graph = new Graph();
    const [rows] = shape as [number];
    const each = (name: string) => graph.input(name, "float32", [rows]);
    const prediction = teacherPrediction(weights(graph), options, {
      sample: graph.input("sample", "float32", shape),
      timestep: each("timestep"),
      alpha: each("alpha"),
      sigma: each("sigma"),
      classLabels:
        unet.num_class_embeds === null ? undefined : graph.input("classLabels", "int64", [rows]),
    });
    graph.output("prediction", prediction);
    return new TeacherDenoiser(await runtime.compile(graph), options);
  }

  /** The clean pictures that the network expects, not clipped. */
  async denoise(x: Latent, level: Level, { embeddings }: Condition): Promise<Prediction> {
    const { unet, head, feeds } = this.options;
    const rows = x.shape[0]!;
    const each = (value: number): HostTensor => floats([rows], new Float32Array(rows).fill(value));
    const { timestep, alpha, sigma } = level;
    const known: Tensors = {
      ...{ sample: x, timestep: each(timestep), alpha: each(alpha), sigma: each(sigma) },
      ...(unet.num_class_embeds === null
        ? {}
        : { classLabels: integers([rows], Array.from(embeddings.data)) }),
    };
    const { prediction } = await this.session.run({ ...feeds, ...known });
    return { x0: toX0(PREDICTION_OF_HEAD[head], prediction as Latent, x, level) };
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
