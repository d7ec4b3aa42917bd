import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { endAtOnce, interruptSignal } from "./interrupt.js";
import { createReporter, formatSeconds } from "./progress.js";

const textOf = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? "";

/** A stream that takes itself for a terminal. */
const terminal = () => Object.assign(new PassThrough(), { isTTY: true, columns: 100 });

describe("away from a terminal", () => {
  it("tells every tenth and the last step, with the time left", () => {
    const stream = new PassThrough();
    let time = 0;
    const reporter = createReporter(stream, { now: () => time });
    reporter.start(20, "draw");
    for (let done = 1; done <= 20; done += 1) {
      time += 500;
      reporter.step(done);
    }
    reporter.finish();
    const lines = textOf(stream).trimEnd().split("\n");
    expect(lines).toHaveLength(11);
    expect(lines.slice(0, 2)).toEqual(["draw: 20 steps", "draw: 2/20, 9 s left"]);
    expect(lines.at(-1)).toBe("draw: 20/20");
  });

  it("tells slow steps too, with their notes", () => {
    const stream = new PassThrough();
    let time = 0;
    const reporter = createReporter(stream, { now: () => time });
    reporter.start(1000, "train");
    reporter.step(1, "loss 0.5");
    time = 10_000;
    reporter.step(2, "loss 0.4");
    expect(textOf(stream)).toBe("train: 1000 steps\ntrain: 2/1000, 1 h 23 min left, loss 0.4\n");
  });
});

describe("on a terminal", () => {
  const draw = (env: Record<string, string>) => {
    const stream = terminal();
    const reporter = createReporter(stream, { env });
    reporter.start(4, "draw");
    reporter.step(3, "x0");
    reporter.note("a remark");
    reporter.finish();
    reporter.finish();
    return textOf(stream);
  };

  it("draws a bar, keeps remarks on lines of their own and gives the cursor back", () => {
    const text = draw({});
    expect(text).toContain("\x1b[32m");
    expect(text).toContain("3/4");
    expect(text).toContain("a remark\n");
    expect(text).toContain("\x1b[?25l");
    expect(text).toContain("\x1b[?25h");
  });

  it("uses no colour under NO_COLOR, and no bar on a dumb terminal", () => {
    expect(draw({ NO_COLOR: "1" })).not.toContain("\x1b[32m");
    expect(draw({ TERM: "dumb" })).toBe("draw: 4 steps\ndraw: 3/4, 0 s left, x0\na remark\n");
  });
});

it.each([true, false])("writes no control characters of others, terminal %s", (isTTY) => {
  const stream = Object.assign(new PassThrough(), { isTTY });
  const reporter = createReporter(stream);
  reporter.start(4, "a\x1b]0;title\x07 cube\nred");
  reporter.step(4, "x\ny");
  reporter.note("a remark\x1b[2J\r\non \x9b2J a picture");
  reporter.finish();
  const text = textOf(stream);
  expect(text).toContain("a ]0;title cube red");
  expect(text).toContain("a remark [2J on 2J a picture\n");
  const orders = ["\x1b]", "\x1b[2J", "\x07", "\x9b"];
  expect(orders.filter((order) => text.includes(order))).toEqual([]);
});

it("says nothing when quiet", () => {
  const stream = terminal();
  const reporter = createReporter(stream, { quiet: true });
  reporter.start(1, "draw");
  reporter.note("a remark");
  reporter.step(1);
  reporter.finish();
  expect(textOf(stream)).toBe("");
});

it.each([
  [0.4, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 0 s"],
  [3599, "59 min 59 s"],
  [3600, "1 h 0 min"],
])("writes %d seconds as %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

it("the first interrupt aborts, the second ends it at once, an echo of the first does nothing", () => {
  const listeners: Record<string, () => void> = {};
  let ends = 0;
  let now = 50;
  const source = {
    on: (event: string, listener: () => void) => (listeners[event] = listener),
    end: () => void ends++,
  };
  const signal = interruptSignal(source, () => now);
  expect(signal.aborted).toBe(false);
  listeners["SIGINT"]!();
  expect([signal.aborted, ends]).toEqual([true, 0]);
  // npm hands on to its child the very signal that the terminal gave to both.
  now += 3;
  listeners["SIGINT"]!();
  expect(ends).toBe(0);
  now += 1500;
  listeners["SIGINT"]!();
  expect(ends).toBe(1);
});

it("a third interrupt ends it whatever the time: two can come late and together", () => {
  let ends = 0;
  let interrupt = (): void => undefined;
  const source = {
    on: (_: string, listener: () => void) => (interrupt = listener),
    end: () => void ends++,
  };
  const signal = interruptSignal(source, () => 7);
  for (let i = 0; i < 2; i++) interrupt();
  expect([signal.aborted, ends]).toEqual([true, 0]);
  interrupt();
  expect(ends).toBe(1);
});

it.each([
  [{ isTTY: true }, {}, "\x1b[?25h\x1b[?7h"],
  [{ isTTY: true }, { TERM: "dumb" }, ""],
  [{ isTTY: false }, {}, ""],
])("ends by the signal and gives the terminal back, %o %o", async (terminal, env, restored) => {
  const told: string[] = [];
  let written = "";
  endAtOnce({
    stderr: { ...terminal, write: (text) => ((written += String(text)), true) },
    env,
    pid: 12,
    removeAllListeners: (name) => (told.push(`forget ${String(name)}`), process),
    kill: (pid, name) => (told.push(`kill ${pid} ${name}`), true),
    exit: (code) => told.push(`exit ${code}`) as never,
  });
  expect(written).toBe(restored);
  const ended = ["forget SIGINT", "forget SIGTERM", "kill 12 SIGINT"];
  expect(told).toEqual(ended);
  // Only who is deaf to the signal lives on.
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([...ended, "exit 130"]);
});
