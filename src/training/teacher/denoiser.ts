// A teacher as a denoiser, compiled for batches of one shape.

import { floats, integers } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import type {
  Condition,
  Denoiser,
  Latent,
  Level,
  Prediction,
  Request,
} from "../../diffusion/denoiser.js";
import { PREDICTION_OF_HEAD, toX0 } from "../../diffusion/parameterisations.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime, Session, Tensors } from "../../engine/runtime/session.js";
import { expectSites, mapsOf, outputMaps } from "../../guidance/maps.js";
import type { AttentionPolicy } from "../../nn/attention.js";
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
  /** Attention sites whose maps requests may read; none when absent. */
  readonly read?: readonly string[];
}

/** Keeps the maps of the sites in `read` as outputs, their mean over heads; notes all sites in `seen`. */
function reading(graph: Graph, read: readonly string[], seen: string[]): AttentionPolicy {
  return {
    at({ name }) {
      seen.push(name);
      if (!read.includes(name)) return "fused";
      return (maps) => {
        outputMaps(graph, name, maps);
        return maps;
      };
    },
  };
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

  /** Throws FollowspotError for a site to read that the network does not have. */
  static async create(options: TeacherDenoiserOptions): Promise<TeacherDenoiser> {
    const { runtime, weights, shape, unet, read = [] } = options;
    const graph = new Graph();
    const seen: string[] = [];
    const [rows] = shape as [number];
    const each = (name: string) => graph.input(name, "float32", [rows]);
    const prediction = teacherPrediction(weights(graph), options, {
      sample: graph.input("sample", "float32", shape),
      timestep: each("timestep"),
      alpha: each("alpha"),
      sigma: each("sigma"),
      classLabels:
        unet.num_class_embeds === null ? undefined : graph.input("classLabels", "int64", [rows]),
      policy: reading(graph, read, seen),
    });
    expectSites(read, seen);
    graph.output("prediction", prediction);
    return new TeacherDenoiser(await runtime.compile(graph), options);
  }

  /**
   * The clean pictures that the network expects, not clipped. Maps that are read are means over heads of the conditional
   * rows, [rows, cells, cells].
   *
   * @throws FollowspotError when a site to read is none of those that the denoiser was made for
   */
  async denoise(
    x: Latent,
    level: Level,
    condition: Condition,
    { read = [] }: Request = {},
  ): Promise<Prediction> {
    expectSites(read, this.options.read ?? []);
    const outputs = await this.session.run({
      ...this.options.feeds,
      ...this.feeds(x, level, condition),
    });
    const prediction = PREDICTION_OF_HEAD[this.options.head];
    const x0 = toX0(prediction, outputs["prediction"] as Latent, x, level);
    if (read.length === 0) return { x0 };
    return { x0, maps: mapsOf(outputs, read, condition.conditional) };
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private feeds(x: Latent, { timestep, alpha, sigma }: Level, { embeddings }: Condition): Tensors {
    const rows = x.shape[0]!;
    const each = (value: number): HostTensor => floats([rows], new Float32Array(rows).fill(value));
    const known = { sample: x, timestep: each(timestep), alpha: each(alpha), sigma: each(sigma) };
    if (this.options.unet.num_class_embeds === null) return known;
    return { ...known, classLabels: integers([rows], Array.from(embeddings.data)) };
  }
}
