// The page that browser.test.ts opens: runs contract cases and graphs by name, and gives what came of it.

import { runtimeContract } from "../../../src/engine/runtime/contract.js";
import type { CompileOptions, Session } from "../../../src/engine/runtime/session.js";
import { doubling } from "../../../src/engine/runtime/contract-case.js";
import { webRuntime } from "../../../src/engine/runtime/web.js";
import type { WebProvider } from "../../../src/engine/runtime/web.js";
import { nativeConvolutions, networkGraphs, operatorGraphs } from "../graphs.js";
import type { NamedGraph } from "../graphs.js";

/** A tensor as a message: 64-bit numbers do not travel as JSON. */
export interface PlainTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface TestPage {
  /** Checks one case of the contract; rejects when it is broken. */
  contract(provider: WebProvider, name: string): Promise<void>;
  /** Runs one graph once. */
  run(
    provider: WebProvider,
    name: string,
    options?: CompileOptions,
  ): Promise<Record<string, PlainTensor>>;
  /** Begins two runs and aborts the second: the first's result, and why the second ended. */
  abandon(provider: WebProvider): Promise<string>;
  /** How often work was handed to a graphics card so far. */
  submissions(): number;
  readonly isolated: boolean;
}

let submissions = 0;

/** Counts the calls of GPUQueue.submit. */
function countSubmissions(): void {
  const { GPUQueue: queue } = globalThis as {
    GPUQueue?: { prototype: { submit: (...args: unknown[]) => void } };
  };
  if (!queue) return;
  const { submit } = queue.prototype;
  queue.prototype.submit = function (...args) {
    submissions++;
    submit.apply(this, args);
  };
}

countSubmissions();

const runtimes = {
  wasm: webRuntime("wasm", { wasmPaths: new URL("/ort/", location.href).href }),
  webgpu: webRuntime("webgpu", { wasmPaths: new URL("/ort/", location.href).href }),
};

function find<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const item = items.find((candidate) => candidate.name === name);
  if (!item) throw new Error(`page: nothing is named ${name}`);
  return item;
}

function graphNamed(name: string, { convolution }: CompileOptions): NamedGraph {
  const operators = convolution === "native" ? nativeConvolutions : operatorGraphs;
  return find([...operators, ...networkGraphs()], name);
}

async function withSession<T>(
  provider: WebProvider,
  graph: NamedGraph,
  options: CompileOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await runtimes[provider].compile(graph.build(), { threads: 2, ...options });
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

const page: TestPage = {
  isolated: crossOriginIsolated,
  submissions: () => submissions,
  contract: (provider, name) =>
    find(runtimeContract, name).check(runtimes[provider], "/constants.bin"),
  async run(provider, name, options = {}) {
    const graph = graphNamed(name, options);
    const outputs = await withSession(provider, graph, options, (session) =>
      session.run(graph.feeds),
    );
    const plain = Object.entries(outputs).map(([output, { dtype, shape, data }]) => [
      output,
      { dtype, shape, data: Array.from<number | bigint, number>(data, Number) },
    ]);
    return Object.fromEntries(plain) as Record<string, PlainTensor>;
  },
  async abandon(provider) {
    const graph = { name: "doubling", build: doubling, feeds: {} };
    return withSession(provider, graph, {}, async (session) => {
      const stop = new AbortController();
      const x = { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } as const;
      const first = session.run({ x });
      const second = session.run({ x }, {}, stop.signal).then(
        () => "a result",
        (reason: unknown) => (reason as Error).message,
      );
      stop.abort(new Error("the box moved"));
      const [{ total }, reason] = await Promise.all([first, second]);
      return `${Number(total!.data[0])}, then ${reason}`;
    });
  },
};

Object.assign(globalThis, { followspot: page });
