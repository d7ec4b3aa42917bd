import { describe, expect, it } from "vitest";
import { Generator } from "../core/generator.js";
import { NoiseSource } from "./noise-source.js";

describe("NoiseSource", () => {
  it("is what PyTorch draws as [1, C, H, W], laid out as [N, H, W, C]", () => {
    const planes = new Generator(7n).randn([1, 4, 3, 2]).data;
    const { shape, data } = new NoiseSource([7n], [3, 2, 4]).next();
    expect(shape).toEqual([1, 3, 2, 4]);
    for (let cell = 0; cell < 6; cell++) {
      for (let channel = 0; channel < 4; channel++) {
        expect(data[cell * 4 + channel]).toBe(planes[channel * 6 + cell]);
      }
    }
  });

  it("gives each row its own stream, the same whatever its company, and goes on", () => {
    const both = new NoiseSource([7n, 9n], [3, 3, 4]);
    const alone = new NoiseSource([9n], [3, 3, 4]);
    for (let draw = 0; draw < 2; draw++) {
      expect(both.next().data.slice(36)).toEqual(alone.next().data);
    }
    expect(alone.next().data).not.toEqual(new NoiseSource([9n], [3, 3, 4]).next().data);
  });
});
