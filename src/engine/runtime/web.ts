// Graphs on onnxruntime-web in a browser: WebAssembly, and WebGPU where the browser has it.

import type {
  Env,
  InferenceSession,
  InferenceSessionFactory,
  TensorConstructor,
} from "onnxruntime-common";
import type { Graph } from "../graph.js";
import { lower } from "../lower/index.js";
import { toOnnx } from "../onnx/writer.js";
import type { OnnxModel } from "../onnx/writer.js";
import { checkedSession, intoResults } from "./checked-session.js";
import type { RawSession } from "./checked-session.js";
import { ortSession } from "./ort.js";
import type { CompileOptions, Runtime } from "./session.js";
import { Turns } from "./turns.js";

/** What computes: WebAssembly on the processor, or WebGPU where the browser has it. */
export type WebProvider = "wasm" | "webgpu";

/** Where ONNX Runtime's own files and those of external constants are. */
export interface WebOptions {
  /** Address of a folder with onnxruntime-web's .wasm and .mjs files, ending in "/"; where the bundler put them when absent. */
  readonly wasmPaths?: string;
  /** Bytes of an external constant's file; fetched from its name as an address when absent. */
  readonly readFile?: (file: string) => Promise<Uint8Array>;
}

async function fetchFile(file: string): Promise<Uint8Array> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`fetch: expected ${file}, got status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** What we use of onnxruntime-web, whose modules all have it. */
interface Ort {
  readonly env: Env;
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

// Each module holds its own WebAssembly; that of WebGPU is twice as large.
function loadOrt(provider: WebProvider): Promise<Ort> {
  return provider === "webgpu" ? import("onnxruntime-web/webgpu") : import("onnxruntime-web/wasm");
}

async function sessionOptions(
  provider: WebProvider,
  model: OnnxModel,
  readFile: (file: string) => Promise<Uint8Array>,
): Promise<InferenceSession.SessionOptions> {
  const read = [...model.externalFiles].map(async ([path, file]) => ({
    path,
    data: await readFile(file),
  }));
  return {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    enableMemPattern: false,
    logSeverityLevel: 3,
    externalData: await Promise.all(read),
  };
}

function modelFor(provider: WebProvider, graph: Graph, options: CompileOptions): OnnxModel {
  const { convolution } = options;
  const webgpu = provider === "webgpu";
  return toOnnx(lower(graph, { ...(convolution ? { convolution } : {}), fused: !webgpu, webgpu }));
}

/** The module's state is one: a second run while one waits for the device is an error, so all take turns. */
function takingTurns(raw: RawSession, turns: Turns): RawSession {
  return {
    async run(feeds, results, signal) {
      // Not in place there: the provider leaves given arrays as they were.
      return intoResults(await turns.take(() => raw.run(feeds, {}), signal), results);
    },
    release: () => turns.take(() => raw.release()),
  };
}

const turnsOf: Readonly<Record<WebProvider, Turns>> = { wasm: new Turns(), webgpu: new Turns() };

/**
 * ONNX Runtime in the page. Wasm blocks the thread it runs in: use it in a Web Worker. It has several threads
 * only where the page is cross-origin isolated; the first session's `threads` holds for all. `profile` does
 * nothing. Needs the optional peer dependency onnxruntime-web.
 */
export function webRuntime(provider: WebProvider, options: WebOptions = {}): Runtime {
  const { wasmPaths, readFile = fetchFile } = options;
  const turns = turnsOf[provider];
  return {
    name: `web-${provider}`,
    async compile(graph, compileOptions = {}) {
      const model = modelFor(provider, graph, compileOptions);
      const ort = await loadOrt(provider);
      if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
      if (compileOptions.threads !== undefined) ort.env.wasm.numThreads = compileOptions.threads;
      const ortOptions = await sessionOptions(provider, model, readFile);
      const session = await turns.take(() => ort.InferenceSession.create(model.bytes, ortOptions));
      return checkedSession(
        graph,
        takingTurns(ortSession(ort.Tensor, session, model.outputs), turns),
      );
    },
  };
}
