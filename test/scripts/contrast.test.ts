// The contrast of pictures: their deviation within, whatever their colour.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { contrastOf, meanContrast } from "../../scripts/sferd/contrast.js";

it("is 0 of one colour, 1 of black and white in equal parts", () => {
  expect(contrastOf(Uint8Array.of(9, 99, 200, 9, 99, 200), 3)).toBe(0);
  expect(contrastOf(Uint8Array.of(0, 255, 255, 0), 1)).toBeCloseTo(1, 12);
  // One of two channels alone.
  expect(contrastOf(Uint8Array.of(0, 7, 255, 7), 2)).toBeCloseTo(0.5, 12);
});

it("is taken of pictures all over a set", async () => {
  const folder = await mkdtemp(join(tmpdir(), "followspot-contrast-"));
  try {
    for (const [i, levels] of [
      [0, 0],
      [50, 50],
      [0, 255],
      [0, 255],
    ].entries()) {
      const data = Uint8Array.from({ length: 12 }, (_, k) => levels[Math.floor(k / 6)]!);
      const raw = { width: 2, height: 2, channels: 3 } as const;
      await sharp(data, { raw })
        .png()
        .toFile(join(folder, `${i}.png`));
    }
    expect(await meanContrast(folder, { size: 2, count: 100 })).toBeCloseTo(0.5, 12);
    expect(await meanContrast(folder, { size: 2, count: 2 })).toBeCloseTo(0.5, 12);
  } finally {
    await rm(folder, { recursive: true });
  }
});
