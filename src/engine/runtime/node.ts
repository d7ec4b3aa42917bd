// Graphs on onnxruntime-node: the CPU provider, and WebGPU where a Vulkan, Metal or Direct3D is found.

import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import type { Graph } from "../graph.js";
import { lower } from "../lower/index.js";
import { toOnnx } from "../onnx/writer.js";
import type { OnnxModel } from "../onnx/writer.js";
import { checkedSession } from "./checked-session.js";
import type { RawSession } from "./checked-session.js";
import { ortSession } from "./ort.js";
import type { CompileOptions, Runtime } from "./session.js";

export type NodeProvider = "cpu" | "webgpu";

async function sessionOptions(
  provider: NodeProvider,
  model: OnnxModel,
  options: CompileOptions,
): Promise<ort.InferenceSession.SessionOptions> {
  return {
    executionProviders: [provider],
    intraOpNumThreads: options.threads ?? availableParallelism(),
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // Planning memory by pattern nearly doubles the peak at the same speed.
    enableMemPattern: false,
    enableCpuMemArena: true,
    logSeverityLevel: 3,
    ...(options.profile ? { enableProfiling: true, profileFilePrefix: options.profile } : {}),
    extra: {
      // Waiting threads sleep: spinning would take the cores from whatever else runs.
      session: { intra_op: { allow_spinning: "0" } },
      ...(options.mergeEqual === false
        ? { optimization: { disable_specified_optimizers: "CommonSubexpressionElimination" } }
        : {}),
    },
    externalData: await externalData(model),
  };
}

// The provider takes bytes, and takes paths only for models that lie in a folder themselves.
function externalData(model: OnnxModel): Promise<{ path: string; data: Uint8Array }[]> {
  const files = [...model.externalFiles];
  return Promise.all(files.map(async ([path, file]) => ({ path, data: await readFile(file) })));
}

/** Opens a lowered model. Throws what the provider says when it refuses the model. */
export async function openModel(
  provider: NodeProvider,
  model: OnnxModel,
  options: CompileOptions,
): Promise<RawSession> {
  const session = await ort.InferenceSession.create(
    model.bytes,
    await sessionOptions(provider, model, options),
  );
  return ortSession(ort.Tensor, session, model.outputs);
}

/** The model that `provider` runs for a graph. */
export function modelFor(provider: NodeProvider, graph: Graph, options: CompileOptions): OnnxModel {
  const { convolution = "columns" } = options;
  const webgpu = provider === "webgpu";
  return toOnnx(lower(graph, { convolution, fused: !webgpu, webgpu }));
}

/** ONNX Runtime in this process. `run` blocks the event loop: put long work in a worker. */
export function nodeRuntime(provider: NodeProvider = "cpu"): Runtime {
  return {
    name: `node-${provider}`,
    async compile(graph, options = {}) {
      const model = modelFor(provider, graph, options);
      return checkedSession(graph, await openModel(provider, model, options));
    },
  };
}
