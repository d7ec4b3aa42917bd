import { mkdtemp, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPool, renderPool } from "./pool.js";

const SIZE = 16;
const BYTES = SIZE * SIZE * 3;
let folder: string;
const pictures = () => join(folder, "pictures.rgb");
const render = (count: number) => renderPool({ folder, size: SIZE, count, seed: 5n });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-pool-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("a pool of scenes", () => {
  it("goes on where it stopped, with the scenes that it would have had at once", async () => {
    await render(2);
    await render(3);
    const inTwo = await readFile(pictures());
    const pool = await openPool(folder, SIZE);
    expect(pool.captions).toHaveLength(3);
    expect(Buffer.from(await pool.picture(2))).toEqual(inTwo.subarray(2 * BYTES));
    await pool.close();
    await rm(folder, { recursive: true });
    await render(3);
    expect((await readFile(pictures())).equals(inTwo)).toBe(true);
  });

  it("is refused when its pictures were cut short: what is not there would be black", async () => {
    await render(3);
    await truncate(pictures(), 3 * BYTES - 1);
    const message = /^scenes: .*pictures\.rgb: expected 2304 bytes.*got 2303\. Remove/;
    await expect(openPool(folder, SIZE)).rejects.toThrow(message);
    await expect(render(4)).rejects.toThrow(message);
    expect((await stat(pictures())).size).toBe(3 * BYTES - 1);
  });

  it("gives no picture past its end", async () => {
    await render(1);
    const pool = await openPool(folder, SIZE);
    await expect(pool.picture(1)).rejects.toThrow(/pictures\.rgb: expected bytes up to 1536, got/);
    await pool.close();
  });

  it("without its pictures is refused by name", async () => {
    await render(1);
    await rm(pictures());
    await expect(openPool(folder, SIZE)).rejects.toThrow(/^scenes: .*no such file or folder/);
    await expect(render(2)).rejects.toThrow(/^scenes: .*no such file or folder/);
  });
});
