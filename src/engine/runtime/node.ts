// Graphs on onnxruntime-node: the CPU provider, and WebGPU where a Vulkan, Metal or Direct3D is found.

import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import { tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { fileBytes } from "../../io/file-bytes.js";
import type { Graph } from "../graph.js";
import { lower } from "../lower/index.js";
import { takeWeights } from "../lower/stored-weights.js";
import type { StoredTensor } from "../lower/stored-weights.js";
import { toOnnx } from "../onnx/writer.js";
import type { OnnxModel } from "../onnx/writer.js";
import { checkedSession } from "./checked-session.js";
import type { RawSession } from "./checked-session.js";
import { discard } from "./discard.js";
import { ortSession } from "./ort.js";
import type { CompileOptions, Runtime } from "./session.js";
import { WeightStore } from "./weight-store.js";
import type { Lease } from "./weight-store.js";

/** What computes in Node: the processor, or WebGPU where a driver is found. */
export type NodeProvider = "cpu" | "webgpu";

/** A model, and where the weights lie that bear the names of inputs or of external files. */
export interface NodeModel extends OnnxModel {
  readonly weights: ReadonlyMap<string, StoredTensor>;
}

interface ExternalFile {
  readonly path: string;
  readonly data: Uint8Array;
}

function sessionOptions(
  provider: NodeProvider,
  options: CompileOptions,
): ort.InferenceSession.SessionOptions {
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
    extra: { session: { intra_op: { allow_spinning: options.spinning ? "1" : "0" } } },
  };
}

// The provider takes bytes, and takes paths only for models that lie in a folder themselves.
async function externalData(
  { externalFiles }: OnnxModel,
  { values }: Lease,
): Promise<ExternalFile[]> {
  const files: ExternalFile[] = [];
  for (const [path, file] of externalFiles) {
    const weight = values.get(file);
    files.push({ path, data: weight ? bytesOf(weight) : await readWhole(file) });
  }
  return files;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function readWhole(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await fileBytes(path, "weights");
  return file.read(0, file.size);
}

/** The weights of this thread's sessions. */
const store = new WeightStore();

/** Feeds a session the weights among its inputs. */
function withWeights(raw: RawSession, { inputs }: NodeModel, lease: Lease): RawSession {
  const feeds: Record<string, HostTensor> = {};
  for (const [name, values] of lease.values) {
    const input = inputs.get(name);
    if (input) feeds[name] = tensor("float32", input.shape, values);
  }
  if (Object.keys(feeds).length === 0) {
    // The provider has made its own of them.
    lease.end();
    return raw;
  }
  return {
    run: (given, results, signal) => raw.run({ ...feeds, ...given }, results, signal),
    async release() {
      await raw.release();
      lease.end();
    },
  };
}

/** Opens a lowered model. Throws what the provider says when it refuses the model. */
export async function openModel(
  provider: NodeProvider,
  model: NodeModel,
  options: CompileOptions,
): Promise<RawSession> {
  const lease = await store.lease(model.weights);
  try {
    const session = await ort.InferenceSession.create(model.bytes, {
      ...sessionOptions(provider, options),
      externalData: await externalData(model, lease),
    });
    return withWeights(ortSession(ort.Tensor, session, model.outputs, discard), model, lease);
  } catch (error) {
    lease.end();
    throw error;
  }
}

/** The model that `provider` runs for a graph. */
export function modelFor(provider: NodeProvider, graph: Graph, options: CompileOptions): NodeModel {
  const { convolution, weights: held = "packed" } = options;
  const webgpu = provider === "webgpu";
  const lowered = lower(graph, { ...(convolution ? { convolution } : {}), fused: !webgpu, webgpu });
  const as = held === "shared" && !webgpu ? "inputs" : "constants";
  const { graph: bare, weights } = takeWeights(lowered, as);
  return { ...toOnnx(bare), weights };
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
