import { describe, expect, it } from "vitest";
import { descend } from "./descent.js";
import type { Evaluation } from "./descent.js";

/** (a - 2)² + 100 (b - 1)²: a narrow valley. */
async function valley([a, b]: Float32Array): Promise<Evaluation> {
  const loss = (a! - 2) ** 2 + 100 * (b! - 1) ** 2;
  return { loss, gradient: Float32Array.of(2 * (a! - 2), 200 * (b! - 1)) };
}

describe("descend", () => {
  it("ends lower than it began, never accepting a rise, even with too large a step", async () => {
    for (const rate of [0.1, 1, 50]) {
      const { point, losses } = await descend(valley, Float32Array.of(0, 0), {
        evaluations: 30,
        rate,
      });
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
      expect([...losses].sort((a, b) => b - a)).toEqual(losses);
      expect((await valley(point)).loss).toBe(losses.at(-1));
    }
  });

  it("moves the steepest element by the rate first", async () => {
    const { point } = await descend(valley, Float32Array.of(0, 0), { evaluations: 2, rate: 0.2 });
    expect(point[1]).toBeCloseTo(0.2, 6);
    expect(point[0]).toBeCloseTo(0.2 * (4 / 200), 6);
  });

  it("keeps elements at their least value or above", async () => {
    const down = async ([a]: Float32Array): Promise<Evaluation> => {
      return { loss: a!, gradient: Float32Array.of(1) };
    };
    const { point } = await descend(down, Float32Array.of(0.5), { evaluations: 9, rate: 0.2 });
    expect(point[0]).toBe(0);
  });

  it("evaluates as often as it is told, and stops where it is flat", async () => {
    let count = 0;
    const counted = (point: Float32Array) => (count++, valley(point));
    await descend(counted, Float32Array.of(0, 0), { evaluations: 5, rate: 0.1 });
    expect(count).toBe(5);
    count = 0;
    const { losses } = await descend(counted, Float32Array.of(2, 1), { evaluations: 5, rate: 0.1 });
    expect(count).toBe(1);
    expect(losses).toEqual([0]);
  });
});
