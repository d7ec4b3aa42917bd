// The contract itself: each way in which a runtime may break its word is noticed.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { HostTensor } from "../../src/core/tensor.js";
import { contractFile, runtimeContract } from "../../src/engine/runtime/contract.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Runtime, Session } from "../../src/engine/runtime/session.js";

const folder = mkdtempSync(join(tmpdir(), "followspot-contract-"));
const file = join(folder, "constants.bin");
writeFileSync(file, contractFile);
afterAll(() => rmSync(folder, { recursive: true }));

const sound = nodeRuntime();

/** A runtime whose sessions are changed by `spoil`. */
function spoilt(spoil: (session: Session) => Partial<Session>): Runtime {
  return {
    name: "spoilt",
    async compile(graph, options) {
      const session = await sound.compile(graph, options);
      return { ...session, ...spoil(session) };
    },
  };
}

let drift = 0;

const sins: Readonly<Record<string, { runtime: Runtime; breaks: string }>> = {
  "results that drift": {
    runtime: spoilt((session) => ({
      async run(...request) {
        const outputs = await session.run(...request);
        const [first] = Object.values(outputs) as [HostTensor<"float32">];
        first.data[0]! += drift += 1e-3;
        return outputs;
      },
    })),
    breaks: "gives the same bits at every run",
  },
  "results beside the place given": {
    runtime: spoilt((session) => ({ run: (feeds) => session.run(feeds) })),
    breaks: "writes results in place where they are given",
  },
  "feeds that are taken away": {
    runtime: spoilt((session) => ({
      async run(feeds, ...rest) {
        const outputs = await session.run(feeds, ...rest);
        for (const { data } of Object.values(feeds))
          structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
        return outputs;
      },
    })),
    breaks: "leaves feeds as they are, and earlier results",
  },
  "unknown inputs let through": {
    runtime: spoilt((session) => ({
      run: ({ z: _, ...feeds }, ...rest) => session.run(feeds, ...rest),
    })),
    breaks: "refuses an unknown input, by name",
  },
  "a signal unheard": {
    runtime: spoilt((session) => ({ run: (feeds, results) => session.run(feeds, results) })),
    breaks: "refuses to run when its signal was aborted before",
  },
  "a session that outlives its release": {
    runtime: spoilt(() => ({ release: () => Promise.resolve() })),
    breaks: "refuses to run after its release, which may be asked for twice",
  },
  "external constants read from the start": {
    runtime: {
      name: "spoilt",
      compile(graph) {
        for (const value of graph.values) {
          if ("location" in value.attributes)
            Object.assign(value.attributes.location, { offset: 0 });
        }
        return sound.compile(graph);
      },
    },
    breaks: "reads external constants at their offsets",
  },
};

describe("the contract", () => {
  it.each(Object.entries(sins))("notices %s", async (_, { runtime, breaks }) => {
    const broken = runtimeContract.find(({ name }) => name === breaks)!;
    await broken.check(sound, file);
    await expect(broken.check(runtime, file)).rejects.toThrow(/expected|detached/);
  });

  it("has a name for each case", () => {
    const names = new Set(runtimeContract.map(({ name }) => name));
    expect(names.size).toBe(runtimeContract.length);
  });
});
