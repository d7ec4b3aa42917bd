// What only a worker gives: a free event loop, runs that can be abandoned, and a process that can end.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { FollowspotError } from "../../src/core/errors.js";
import { floats, zeros } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { add } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import { workerRuntime } from "../../src/engine/runtime/worker.js";
import { SIDE, longGraph } from "./long-graph.js";

const identity = floats(
  [SIDE, SIDE],
  Float32Array.from({ length: SIDE * SIDE }, (_, i) => Number(i % (SIDE + 1) === 0)),
);

// A matcher would walk a million elements one by one.
const sameBits = (a: HostTensor, b: HostTensor): boolean =>
  Buffer.from(a.data.buffer).equals(Buffer.from(b.data.buffer));

describe("workerRuntime", () => {
  it("leaves the event loop free while it runs", async () => {
    const session = await workerRuntime().compile(longGraph(60));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const begin = performance.now();
    await session.run({ x: identity });
    const took = performance.now() - begin;
    clearInterval(timer);
    await session.release();
    expect(took).toBeGreaterThan(100);
    expect(ticks).toBeGreaterThan(took / 50);
  });

  it("abandons a run at once, drops those that wait, and runs again after it", async () => {
    const session = await workerRuntime().compile(longGraph(60));
    const { y } = await session.run({ x: identity });
    const stop = new AbortController();
    const results = [zeros("float32", [SIDE, SIDE]), zeros("float32", [SIDE, SIDE])] as const;
    const abandoned = results.map((y) => session.run({ x: identity }, { y }, stop.signal));
    const ends = Promise.allSettled(abandoned);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const begin = performance.now();
    stop.abort(new Error("the box moved"));
    const reasons = (await ends).map((end) => end.status === "rejected" && String(end.reason));
    const waited = performance.now() - begin;
    const next = await session.run({ x: identity });
    const ran = performance.now() - begin;
    expect(reasons).toEqual(["Error: the box moved", "Error: the box moved"]);
    expect(waited).toBeLessThan(ran / 4);
    expect(sameBits(next.y!, y!)).toBe(true);
    for (const { data } of results) expect(data.every((value) => value === 0)).toBe(true);
    await session.release();
  });

  it("carries the provider's errors over and goes on", async () => {
    const runtime = workerRuntime();
    const graph = new Graph();
    const location = { file: "no-such-file.bin", offset: 0, byteLength: 4 };
    graph.output("y", add(graph.external("float32", [1], location), 1));
    const error: unknown = await runtime.compile(graph).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FollowspotError);
    const { message, remedy, cause } = error as FollowspotError;
    expect(message).toMatch(/no-such-file\.bin: no such file or folder\. Check the path\.$/);
    expect(remedy).toBe("Check the path.");
    expect(cause).toBeInstanceOf(Error);
    const session = await runtime.compile(longGraph(1));
    const { y } = await session.run({ x: identity });
    expect(sameBits(y!, identity)).toBe(true);
    await session.release();
  });

  it("starts again after its last session was released", async () => {
    const runtime = workerRuntime();
    for (let round = 0; round < 2; round++) {
      const sessions = await Promise.all([1, 2].map((count) => runtime.compile(longGraph(count))));
      for (const session of sessions) {
        const { y } = await session.run({ x: identity });
        expect(y!.data[SIDE + 1]).toBe(1);
      }
      await Promise.all(sessions.map((session) => session.release()));
    }
  });
});

describe("a process with a worker", () => {
  const script = fileURLToPath(new URL("worker-script.ts", import.meta.url));
  const leave = (way: string): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, ["--import", "tsx", script, way], { timeout: 50_000 });

  it.each(["release", "forget", "finish first"])("ends by itself: %s", async (way) => {
    expect(await leave(way)).toEqual({ stdout: "end of script\n", stderr: "" });
  });

  it("ends by itself after a message that could not be sent", async () => {
    const told = "DataCloneError\nend of script\n";
    expect(await leave("refuse a message")).toEqual({ stdout: told, stderr: "" });
  });

  it("ends by itself after a run was abandoned", async () => {
    expect(await leave("abandon")).toEqual({ stdout: "TimeoutError\nend of script\n", stderr: "" });
  });

  it.each(["interrupt thrice", "interrupted exit"])(
    "is ended by Ctrl+C in the middle of a run: %s",
    async (way) => {
      await expect(leave(way)).rejects.toMatchObject({ signal: "SIGINT", stdout: "" });
    },
  );

  it("exits with its own code in the middle of a run", async () => {
    await expect(leave("exit in a run")).rejects.toMatchObject({ code: 3, stderr: "" });
  });
});
