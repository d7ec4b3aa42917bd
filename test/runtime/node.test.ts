// The contract of runtimes on onnxruntime-node's CPU provider, in this thread and in a worker.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { doubling } from "../../src/engine/runtime/contract-case.js";
import { contractFile, runtimeContract } from "../../src/engine/runtime/contract.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Session } from "../../src/engine/runtime/session.js";
import { workerRuntime } from "../../src/engine/runtime/worker.js";

const folder = mkdtempSync(join(tmpdir(), "followspot-runtime-"));
const file = join(folder, "constants.bin");
writeFileSync(file, contractFile);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([nodeRuntime(), workerRuntime()])("$name", (runtime) => {
  let warm: Session;
  beforeAll(async () => void (warm = await runtime.compile(doubling())), 60_000);
  afterAll(() => warm.release());

  it.each(runtimeContract)("$name", ({ check }) => check(runtime, file));
});
