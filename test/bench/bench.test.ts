// The parts of the benchmark that decide what its figures mean.

import { describe, expect, it } from "vitest";
import { parseOptions } from "../../bench/options.js";
import { sharesOf } from "../../bench/profile.js";
import { alternate, median } from "../../bench/rounds.js";
import type { Work } from "../../bench/work.js";

describe("median", () => {
  it("is the middle value, or the mean of the two in the middle", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 100, 2])).toBe(3);
    expect(() => median([])).toThrow(/at least one/);
  });
});

describe("alternate", () => {
  it("runs every work once a round, drops the warm-up and turns the order", async () => {
    const order: string[] = [];
    const runs = new Map<string, number>();
    const work = (name: string): Work => ({
      name,
      run: () => {
        order.push(name);
        runs.set(name, (runs.get(name) ?? 0) + 1);
        return Promise.resolve(runs.get(name)!);
      },
      release: () => Promise.resolve(),
    });
    const timings = await alternate([work("a"), work("b")], 3);
    expect(order.join("")).toBe("abbaabbaab");
    expect(timings.map(({ times }) => times)).toEqual([
      [3, 4, 5],
      [3, 4, 5],
    ]);
  });
});

describe("sharesOf", () => {
  const node = (op_name: string, ts: number, dur: number) => {
    return { cat: "Node", name: `x_${op_name}_kernel_time`, ts, dur, args: { op_name } };
  };

  it("sums the last run's time by kind of operator, longest first", () => {
    const shares = sharesOf([
      { cat: "Session", name: "model_run", ts: 0, dur: 100 },
      node("Mul", 10, 90),
      { cat: "Session", name: "model_run", ts: 200, dur: 100 },
      node("Mul", 210, 10),
      node("MatMul", 220, 60),
      node("Mul", 290, 10),
      { cat: "Node", name: "x_Mul_fence_before", ts: 295, dur: 5, args: { op_name: "Mul" } },
    ]);
    expect(shares).toEqual([
      { operator: "MatMul", milliseconds: 0.06, share: 0.75, nodes: 1 },
      { operator: "Mul", milliseconds: 0.02, share: 0.25, nodes: 2 },
    ]);
  });

  it("refuses a profile without a run", () => {
    expect(() => sharesOf([node("Mul", 0, 1)])).toThrow(/at least one run/);
  });
});

describe("parseOptions", () => {
  it("measures everything by default, and what is named otherwise", () => {
    expect(parseOptions([]).only.size).toBe(7);
    expect(parseOptions(["--eager"]).eager).toBe(true);
    const { only, sd15, rounds } = parseOptions(["--only", "sd15", "--only", "memory", "--quick"]);
    expect([...only]).toEqual(["sd15", "memory"]);
    expect(sd15).toBe(true);
    expect(rounds).toBe(3);
  });

  it("refuses what it does not know", () => {
    expect(() => parseOptions(["--only", "all"])).toThrow(/expected one of reference/);
    expect(() => parseOptions(["--threads", "0"])).toThrow(/--threads: expected a positive/);
    expect(() => parseOptions(["--fast"])).toThrow();
  });
});
