import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { timeLimited } from "./time-limit.js";

describe("a signal with a time limit", () => {
  it("comes when the time is up", async () => {
    const signal = timeLimited(new AbortController().signal, 5);
    expect(signal.aborted).toBe(false);
    // A held timer: the limit's own does not keep the process alive.
    while (!signal.aborted) await sleep(5);
    expect((signal.reason as Error).name).toBe("TimeoutError");
  });

  it("comes with the signal that it wraps, for that signal's reason", () => {
    const controller = new AbortController();
    const signal = timeLimited(controller.signal, 60_000);
    controller.abort("enough");
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBe("enough");
  });

  it("has come when the signal had", () => {
    expect(timeLimited(AbortSignal.abort("before"), 60_000).reason).toBe("before");
  });
});
