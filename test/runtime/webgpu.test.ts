// WebGPU in Node: the contract, every operator and a tiny network, on a Vulkan in software where there is one.

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lower } from "../../src/engine/lower/index.js";
import { contractFile, runtimeContract } from "../../src/engine/runtime/contract.js";
import { doubling } from "../../src/engine/runtime/contract-case.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { CompileOptions, Runtime, Session } from "../../src/engine/runtime/session.js";
import { workerRuntime } from "../../src/engine/runtime/worker.js";
import { verify } from "../../src/engine/verify.js";
import { expectClose } from "../closeness.js";
import type { Tolerance } from "../closeness.js";
import { evaluate } from "../reference/index.js";
import { nativeConvolutions, networkGraphs, operatorGraphs } from "./graphs.js";
import type { NamedGraph } from "./graphs.js";
import { useVulkan } from "./vulkan.js";

const OPERATOR: Tolerance = { relative: 2e-5, absolute: 1e-6, ofScale: 2e-6 };
const NETWORK: Tolerance = { relative: 0, absolute: 0, ofScale: 1e-5 };

// A processor that plays a graphics card compiles hundreds of shaders for a network.
const SLOW = 300_000;

// SwiftShader computes no half-precision numbers.
const NEEDS_HALF = "cast to half and back";

const folder = mkdtempSync(join(tmpdir(), "followspot-webgpu-"));
const file = join(folder, "constants.bin");
writeFileSync(file, contractFile);
afterAll(() => rmSync(folder, { recursive: true }));

/** Operators that a profile shows on the CPU. */
function operatorsOnHost(prefix: string): string[] {
  const written = readdirSync(folder).find((entry) => entry.startsWith(`${prefix}_`))!;
  const events = JSON.parse(readFileSync(join(folder, written), "utf8")) as {
    args?: { provider?: string; op_name?: string };
  }[];
  const providers = events.flatMap(({ args }) => args?.provider ?? []);
  expect(providers).toContain("WebGpuExecutionProvider");
  const onHost = events.filter(({ args }) => args?.provider === "CPUExecutionProvider");
  return [...new Set(onHost.map(({ args }) => args!.op_name!))];
}

let profiles = 0;

/** Runs a graph, compares with the interpreter, and gives the operators that left the device. */
async function expectAgreement(
  { build, feeds }: NamedGraph,
  tolerance: Tolerance,
  options: CompileOptions = {},
): Promise<string[]> {
  const graph = build();
  const expected = evaluate(graph, feeds);
  const prefix = `profile${profiles++}`;
  const profile = join(folder, prefix);
  const session = await nodeRuntime("webgpu").compile(graph, { ...options, profile });
  try {
    const results = await session.run(feeds);
    for (const name of graph.outputs.keys()) {
      expectClose(results[name]!, expected[name]!, tolerance);
    }
  } finally {
    await session.release();
  }
  return operatorsOnHost(prefix);
}

// 64-bit numbers are cast on the host, where indices come from.
const ON_HOST = ["Cast"];

const onVulkan = useVulkan();
const graphs = [...operatorGraphs, ...networkGraphs()];

describe("graphs lowered for WebGPU", () => {
  it.each(graphs)("$name", ({ build }) => {
    verify(lower(build(), { fused: false, webgpu: true }), "node-webgpu");
  });
});

describe.runIf(onVulkan)("WebGPU on a Vulkan driver", () => {
  describe.each<Runtime>([nodeRuntime("webgpu"), workerRuntime("webgpu")])("$name", (runtime) => {
    let warm: Session;
    beforeAll(async () => void (warm = await runtime.compile(doubling())), SLOW);
    afterAll(() => warm.release());

    it.each(runtimeContract)("$name", ({ check }) => check(runtime, file));
  });

  it.each(operatorGraphs.filter(({ name }) => name !== NEEDS_HALF))(
    "runs: $name",
    async (graph) => {
      const onHost = await expectAgreement(graph, OPERATOR);
      expect(onHost.filter((op) => !ON_HOST.includes(op))).toEqual([]);
    },
  );

  it.each(nativeConvolutions)("runs with its own kernel: $name", async (graph) => {
    expect(await expectAgreement(graph, OPERATOR, { convolution: "native" })).toEqual([]);
  });

  it.each(networkGraphs())(
    "runs without leaving the device: $name",
    async (graph) => expect(await expectAgreement(graph, NETWORK)).toEqual([]),
    SLOW,
  );
});
