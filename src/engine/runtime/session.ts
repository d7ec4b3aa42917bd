// The one interface behind which graphs run: compile once, run many times.

import type { HostTensor } from "../../core/tensor.js";
import type { Graph } from "../graph.js";
import type { LowerOptions } from "../lower/index.js";

/** Tensors by the names of a graph's inputs or outputs. */
export type Tensors = Readonly<Record<string, HostTensor>>;

/** How a graph is compiled; what is absent is the runtime's default. */
export interface CompileOptions extends Pick<LowerOptions, "convolution"> {
  /** Threads of one operator; the machine's cores when absent. Results are bit-identical at one count. */
  readonly threads?: number;
  /**
   * Weights in files: "packed" by the provider for its kernels, once a session, or "shared" in single precision by
   * all sessions of the thread that say so, which costs some speed where few rows meet large weights. Providers
   * other than Node's CPU pack always. "packed" when absent.
   */
  readonly weights?: "packed" | "shared";
  /**
   * Let threads spin for a while between operators, for long work that has the machine to itself: a tenth faster, at
   * the expense of whatever else runs. Heeded on Node's CPU; false when absent.
   */
  readonly spinning?: boolean;
  /** Where the provider writes its profile, when given. */
  readonly profile?: string;
}

/** A compiled graph. */
export interface Session {
  /**
   * Runs the graph once. `results`, where given, are written in place and must alias no feed.
   * Throws, naming the tensor, when a feed is missing, or a feed or result is unknown or of another type,
   * and when the session was released.
   *
   * `signal` rejects with its reason. No provider stops in the middle of a run: a worker's run is abandoned
   * at once and ends by itself, a run in this thread rejects only if it has not begun.
   */
  run(feeds: Tensors, results?: Tensors, signal?: AbortSignal): Promise<Record<string, HostTensor>>;
  /** Frees the session; a second call does nothing. */
  release(): Promise<void>;
}

/** A place where graphs run. */
export interface Runtime {
  /** Where it is and which provider computes, such as "worker-cpu". */
  readonly name: string;
  compile(graph: Graph, options?: CompileOptions): Promise<Session>;
}
