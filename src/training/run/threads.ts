// A runtime of a fixed number of threads: results are bit-identical at one number only.

import type { Runtime } from "../../engine/runtime/session.js";

/** The same runtime, compiling for `threads` threads unless told otherwise. */
export function withThreads(runtime: Runtime, threads: number): Runtime {
  return {
    name: runtime.name,
    compile: (graph, options = {}) => runtime.compile(graph, { threads, ...options }),
  };
}
