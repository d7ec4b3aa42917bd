import { describe, expect, it } from "vitest";
import { FollowspotError } from "../core/errors.js";
import type { Session } from "../engine/runtime/session.js";
import { SessionCache } from "./denoiser-sessions.js";

function counting() {
  const log: string[] = [];
  const compile = (key: string) => async (): Promise<Session> => {
    log.push(`compile ${key}`);
    return {
      run: async () => ({}),
      release: async () => void log.push(`release ${key}`),
    };
  };
  return { log, compile };
}

describe("SessionCache", () => {
  it("compiles a key once and drops the one used longest ago, before the next is made", async () => {
    const { log, compile } = counting();
    const cache = new SessionCache(2);
    for (const key of ["a", "b", "a", "c", "a"])
      await cache.run(key, compile(key), async () => key);
    expect(log).toEqual(["compile a", "compile b", "release b", "compile c"]);
    await cache.release();
    expect(log.slice(4).sort()).toEqual(["release a", "release c"]);
  });

  it("lets one run end before the next begins, and before a release", async () => {
    const { log, compile } = counting();
    const cache = new SessionCache(1);
    const slow = (key: string) =>
      cache.run(key, compile(key), async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        log.push(`ran ${key}`);
      });
    const runs = [slow("a"), slow("b")];
    await cache.release();
    await Promise.all(runs);
    expect(log).toEqual(["compile a", "ran a", "release a", "compile b", "ran b", "release b"]);
  });

  it("refuses a run once it was released, and compiles nothing for it", async () => {
    const { log, compile } = counting();
    const cache = new SessionCache(1);
    await cache.release();
    const late = cache.run("a", compile("a"), async () => 1);
    await expect(late).rejects.toThrow(/expected an open pipeline, got one that was closed/);
    expect(log).toEqual([]);
  });

  it("lets go of a compilation at an abort, and keeps its session for the next run", async () => {
    const { log, compile } = counting();
    const cache = new SessionCache(1);
    const stop = new AbortController();
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const slow = () => finished.then(compile("a"));
    const first = cache.run("a", slow, async () => log.push("ran"), stop.signal);
    const waiting = cache.run("b", compile("b"), async () => 1, stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error("enough"));
    for (const run of [first, waiting]) await expect(run).rejects.toThrow("enough");
    finish();
    expect(await cache.run("a", compile("a"), async () => 2)).toBe(2);
    expect(log).toEqual(["compile a"]);
  });

  it("goes on after a run or a compilation that failed", async () => {
    const { compile } = counting();
    const cache = new SessionCache(1);
    const fail = () => Promise.reject(new Error("no"));
    await expect(cache.run("a", fail, async () => 1)).rejects.toThrow("no");
    await expect(cache.run("a", compile("a"), () => fail())).rejects.toThrow("no");
    expect(await cache.run("a", compile("a"), async () => 2)).toBe(2);
  });

  it("compiles anew after a session was lost, and not after an abort or bad input", async () => {
    const log: string[] = [];
    const cache = new SessionCache(2);
    const failing = (key: string, failure: Error) => async (): Promise<Session> => {
      log.push(`compile ${key}`);
      return {
        run: () => Promise.reject(failure),
        release: async () => void log.push(`release ${key}`),
      };
    };
    const run = (key: string, failure: Error, signal?: AbortSignal) =>
      cache.run(key, failing(key, failure), (session) => session.run({}, {}, signal));
    const ended = new Error("its thread ended");
    await expect(run("lost", ended)).rejects.toBe(ended);
    await expect(run("lost", ended)).rejects.toBe(ended);
    expect(log).toEqual(["compile lost", "release lost", "compile lost", "release lost"]);
    const gone = new Error("the client hung up");
    const bad = new FollowspotError("bad");
    for (let i = 0; i < 2; i++) {
      await expect(run("left", gone, AbortSignal.abort(gone))).rejects.toBe(gone);
      await expect(run("bad", bad)).rejects.toBe(bad);
    }
    expect(log.slice(4)).toEqual(["compile left", "compile bad"]);
  });
});
