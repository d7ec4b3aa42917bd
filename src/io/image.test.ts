import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { FollowspotError } from "../core/errors.js";
import { BOX_COLOURS, drawBoxes } from "./box-overlay.js";
import { contactSheet } from "./contact-sheet.js";
import { decodeImage } from "./image.js";
import type { Picture } from "./image.js";
import { encodePng } from "./png.js";
import { readPngText } from "./png-text.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-image-"));
});
afterAll(() => rm(folder, { recursive: true }));

function filled(width: number, height: number, colour: readonly number[]): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]!);
  return { width, height, data };
}

function pixel({ width, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

const RED = [255, 0, 0] as const;
const BLUE = [0, 0, 255] as const;
const WHITE = [255, 255, 255];

describe("encodePng and decodeImage", () => {
  const noise = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => (i * 97) % 256);

  it("keep every byte, and the text", async () => {
    const png = await encodePng(noise, 5, 3, { followspot: "{}" });
    expect(await decodeImage(png)).toEqual({ width: 5, height: 3, data: Buffer.from(noise) });
    expect(readPngText(png)).toEqual({ followspot: "{}" });
  });

  it("keep every byte of a picture whose rows another thread compresses", async () => {
    const data = Uint8Array.from({ length: 200 * 150 * 3 }, (_, i) => (i * i * 7) % 251);
    const png = await encodePng(data, 200, 150);
    expect(await decodeImage(png)).toEqual({ width: 200, height: 150, data: Buffer.from(data) });
    expect(await encodePng(data, 200, 150)).toEqual(png);
  });

  it("give the same bytes again", async () => {
    const [a, b] = await Promise.all([encodePng(noise, 5, 3), encodePng(noise, 5, 3)]);
    expect(a).toEqual(b);
  });

  it("read a file as it is now, not as it was", async () => {
    const path = join(folder, "changing.png");
    await writeFile(path, await encodePng(filled(2, 2, RED).data, 2, 2));
    expect(pixel(await decodeImage(path), 0, 0)).toEqual(RED);
    await writeFile(path, await encodePng(filled(2, 2, BLUE).data, 2, 2));
    expect(pixel(await decodeImage(path), 0, 0)).toEqual(BLUE);
  });

  it.each([
    ["transparency on white", { channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } }, WHITE],
    [
      "half transparency",
      { channels: 4, background: { r: 0, g: 0, b: 255, alpha: 0.5 } },
      [127, 127, 255],
    ],
  ] as const)("put %s", async (_, create, expected) => {
    const png = await sharp({ create: { width: 2, height: 2, ...create } })
      .png()
      .toBuffer();
    const picture = await decodeImage(png);
    expect(picture.data).toHaveLength(12);
    pixel(picture, 1, 1).forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1);
    });
  });

  it("make grey and 16-bit pictures RGB of 8 bits", async () => {
    const grey = sharp(Buffer.from([0, 128]), { raw: { width: 2, height: 1, channels: 1 } });
    const deep = await grey.toColourspace("grey16").png().toBuffer();
    const picture = await decodeImage(deep);
    expect([...picture.data]).toEqual([0, 0, 0, 128, 128, 128]);
  });

  it("turn a picture upright", async () => {
    const lying = await sharp(filled(4, 2, RED).data, { raw: { width: 4, height: 2, channels: 3 } })
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const { width, height } = await decodeImage(lying);
    expect([width, height]).toEqual([2, 4]);
  });

  it.each([
    ["a text", Buffer.from("not a picture")],
    ["nothing", Buffer.alloc(0)],
  ])("refuse %s", async (_, bytes) => {
    await expect(decodeImage(bytes)).rejects.toThrow(FollowspotError);
  });

  it("refuse a truncated file and a missing one, by name", async () => {
    const path = join(folder, "cut.png");
    const png = await encodePng(
      Uint8Array.from({ length: 3e4 }, (_, i) => i ** 2),
      100,
      100,
    );
    await writeFile(path, png.subarray(0, png.length / 2));
    await expect(decodeImage(path)).rejects.toThrow(FollowspotError);
    await expect(decodeImage(path)).rejects.toThrow(/cut\.png/);
    await expect(decodeImage(join(folder, "none.png"))).rejects.toThrow(/none\.png: no such file/);
  });

  it("refuse bytes that are not of the size", async () => {
    await expect(encodePng(noise, 5, 4)).rejects.toThrow(FollowspotError);
    await expect(encodePng(noise, 0, 3)).rejects.toThrow(/per pixel of 0x3/);
  });
});

describe("contactSheet", () => {
  it("puts pictures in rows, the smaller ones centred", async () => {
    const pictures = [filled(20, 10, RED), filled(10, 10, BLUE), filled(20, 10, BLUE)];
    const sheet = await decodeImage(await contactSheet(pictures, 2));
    expect([sheet.width, sheet.height]).toEqual([8 + 2 * 28, 8 + 2 * 18]);
    expect(pixel(sheet, 8, 8)).toEqual(RED);
    expect(pixel(sheet, 36, 8)).toEqual(WHITE);
    expect(pixel(sheet, 41, 8)).toEqual(BLUE);
    expect(pixel(sheet, 8, 26)).toEqual(BLUE);
    expect(pixel(sheet, 50, 30)).toEqual(WHITE);
  });

  it("writes labels under the pictures and nowhere else", async () => {
    const pictures = [filled(60, 10, RED), filled(60, 10, RED)];
    const sheet = await decodeImage(await contactSheet(pictures, 2, ["<&>", ""]));
    const dark = (fromX: number, toX: number) => {
      let count = 0;
      for (let y = 18; y < sheet.height; y++)
        for (let x = fromX; x < toX; x++) if (pixel(sheet, x, y)[1]! < 128) count++;
      return count;
    };
    expect(sheet.height).toBeGreaterThan(28);
    expect(dark(8, 68)).toBeGreaterThan(5);
    expect(dark(72, 140)).toBe(0);
  });

  it("refuses nothing, no columns and labels without pictures", async () => {
    await expect(contactSheet([], 2)).rejects.toThrow(FollowspotError);
    await expect(contactSheet([filled(1, 1, RED)], 0)).rejects.toThrow(FollowspotError);
    await expect(contactSheet([filled(1, 1, RED)], 1, ["a", "b"])).rejects.toThrow(FollowspotError);
  });
});

describe("drawBoxes", () => {
  it("draws each box's edge in its colour and leaves the rest", async () => {
    const boxes = [
      { box: [0.1, 0.1, 0.5, 0.9], label: "" },
      { box: [0.6, 0, 1, 1], label: "", colour: "#00ff00" },
    ] as const;
    const drawn = await drawBoxes(filled(100, 100, RED), boxes, { scale: 2 });
    expect([drawn.width, drawn.height]).toEqual([200, 200]);
    const first = [1, 3, 5].map((i) => Number.parseInt(BOX_COLOURS[0].slice(i, i + 2), 16));
    expect(pixel(drawn, 21, 100)).toEqual(first);
    expect(pixel(drawn, 199, 199)).toEqual([0, 255, 0]);
    expect(pixel(drawn, 60, 100)).toEqual(RED);
    expect(pixel(drawn, 5, 5)).toEqual(RED);
  });

  it("puts the label inside its box, whatever its characters", async () => {
    const label = '<a href="&">\u0000🐈';
    const drawn = await drawBoxes(filled(100, 100, RED), [{ box: [0.1, 0.1, 0.9, 0.9], label }]);
    const plain = await drawBoxes(filled(100, 100, RED), [
      { box: [0.1, 0.1, 0.9, 0.9], label: "" },
    ]);
    const changed = drawn.data.filter((value, i) => value !== plain.data[i]).length;
    expect(changed).toBeGreaterThan(100);
    expect(pixel(drawn, 50, 60)).toEqual(RED);
  });
});
