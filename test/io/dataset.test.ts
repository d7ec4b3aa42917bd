import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookAhead, openDataset } from "../../src/io/dataset/index.js";
import type { PictureDataset } from "../../src/io/dataset/index.js";
import { encodePng } from "../../src/io/png.js";
import { ShuffledOrder } from "../../src/training/data/streams.js";
import { SIDE, classFiles, formula, idx, png, workFolder } from "./dataset-files.js";

const GOLDEN = fileURLToPath(new URL("../golden/dataset/", import.meta.url));

let work: Awaited<ReturnType<typeof workFolder>>;
beforeAll(async () => {
  work = await workFolder();
});
afterAll(() => work.remove());

/** The pixels of a set's pictures, one array each. */
async function picturesOf(data: PictureDataset, indices: readonly number[]): Promise<number[][]> {
  const { pixels } = await data.pictures(indices);
  const each = data.size ** 2 * data.channels;
  return indices.map((_, i) => [...pixels.subarray(i * each, (i + 1) * each)]);
}

describe("openDataset", () => {
  it("reads a folder with class folders, passing over other files", async () => {
    const folder = await work.folder({
      ...(await classFiles()),
      "notes.txt": "about",
      "cat/.DS_Store": "litter",
    });
    const data = await openDataset(folder);
    expect(data).toMatchObject({ count: 3, size: SIDE, channels: 3, classes: ["bee", "cat"] });
    expect(data.resizing).toBe("as they are");
    expect(data.nameOf(2)).toBe(join(folder, "cat/3.png"));
    expect(await picturesOf(data, [2, 0, 2])).toEqual([3, 1, 3].map((i) => [...formula(i)]));
    expect([...(await data.pictures([2, 0])).labels!]).toEqual([1, 0]);
    await data.close();
  });

  it("reads a flat folder, without labels", async () => {
    const data = await openDataset(
      await work.folder({ "b.png": await png(2), "a.png": await png(1) }),
    );
    expect(data.classes).toBeUndefined();
    expect(await data.pictures([0, 1])).toEqual({
      pixels: Uint8Array.from([...formula(1), ...formula(2)]),
    });
  });

  it.each([0, 6] as const)(
    "reads a zip packed at level %i, folders at its top passed over",
    async (level) => {
      const inside: Record<string, Uint8Array> = {};
      for (const [name, content] of Object.entries(await classFiles()))
        inside[`set/${name}`] = content;
      const data = await openDataset(await work.zip(inside, level));
      expect(data).toMatchObject({ count: 3, classes: ["bee", "cat"] });
      expect(await picturesOf(data, [1, 0])).toEqual([2, 1].map((i) => [...formula(i)]));
      await data.close();
    },
  );

  it("gives a stored and a deflated zip of the same pictures one digest, and other pictures another", async () => {
    const files = await classFiles();
    const zips = [await work.zip(files, 0), await work.zip(files, 6)];
    const other = await work.zip({ ...files, "cat/3.png": await png(4) });
    const digests = await Promise.all(
      [...zips, other].map(async (path) => (await openDataset(path)).digest),
    );
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  it("tells size, channels and filter in the digest", async () => {
    const folder = await work.folder(await classFiles());
    const forms = [{}, { size: 4 }, { size: 4, filter: "nearest" }, { channels: 1 }] as const;
    const digests = await Promise.all(
      forms.map(async (form) => (await openDataset(folder, form)).digest),
    );
    expect(new Set(digests).size).toBe(forms.length);
  });

  it("scales and crops the centre", async () => {
    const wide = Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => (Math.floor(i / 3) % 8) * 30);
    const folder = await work.folder({ "wide.png": await encodePng(wide, 8, 4) });
    const data = await openDataset(folder, { size: 2, filter: "nearest" });
    const [pixels] = await picturesOf(data, [0]);
    // Columns 2 to 5 are left of the eight, taken at every second.
    expect(data.resizing).toBe("nearest, centre crop");
    for (let i = 0; i < 12; i++) {
      const column = Math.floor(i / 3) % 2;
      expect([60, 90, 120, 150].slice(2 * column, 2 * column + 2)).toContain(pixels![i]);
    }
  });

  it("makes grey by the weights of Rec. 601", async () => {
    const data = await openDataset(await work.folder({ "a.png": await png(1) }), { channels: 1 });
    const [red, green, blue] = formula(1);
    const [pixels] = await picturesOf(data, [0]);
    expect(pixels![0]).toBe(Math.round(0.299 * red! + 0.587 * green! + 0.114 * blue!));
  });

  it("reads idx files as MNIST's, finds the labels, and pads with black", async () => {
    const bytes = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => 100 + i);
    const folder = await work.folder({
      "train-images-idx3-ubyte.gz": idx([2, 3, 3], bytes, true),
      "train-labels-idx1-ubyte": idx([2], Uint8Array.of(4, 1)),
      "t10k-images-idx3-ubyte": idx([1, 3, 3], bytes.subarray(0, 9)),
    });
    const data = await openDataset(folder, { size: 5 });
    expect(data).toMatchObject({ count: 2, channels: 1, classes: ["0", "1", "2", "3", "4"] });
    const { pixels, labels } = await data.pictures([1]);
    expect([...labels!]).toEqual([1]);
    const inner = [109, 110, 111].map((first, row) => [
      0,
      first + 2 * row,
      first + 2 * row + 1,
      first + 2 * row + 2,
      0,
    ]);
    expect([...pixels]).toEqual([0, 0, 0, 0, 0, ...inner.flat(), 0, 0, 0, 0, 0]);
    const test = await openDataset(folder, { split: "test", channels: 3 });
    expect(test).toMatchObject({ count: 1, size: 3, channels: 3 });
    expect((await test.pictures([0])).pixels.subarray(0, 6)).toEqual(
      Uint8Array.of(100, 100, 100, 101, 101, 101),
    );
  });

  it("reads the hub's parquet, by the notes in it, over several row groups", async () => {
    const data = await openDataset(join(GOLDEN, "train-hub.parquet"));
    expect(data).toMatchObject({ count: 5, size: SIDE, classes: ["ant", "bee", "cat"] });
    expect(await picturesOf(data, [4, 0, 3])).toEqual([4, 0, 3].map((i) => [...formula(i)]));
    expect([...(await data.pictures([0, 1, 2, 3, 4])).labels!]).toEqual([2, 0, 1, 1, 2]);
    expect(data.nameOf(4)).toBe(`${join(GOLDEN, "train-hub.parquet")}: row 4`);
    await data.close();
  });

  it("reads plain parquet by the names of its columns", async () => {
    const data = await openDataset(join(GOLDEN, "plain-gzip.parquet"));
    expect(data).toMatchObject({ count: 5, classes: ["0", "1", "2"] });
    expect(await picturesOf(data, [1])).toEqual([[...formula(1)]]);
  });

  it("takes a split of a folder of parquet files", async () => {
    const data = await openDataset(GOLDEN, { split: "train" });
    expect(data.count).toBe(5);
    await expect(openDataset(GOLDEN, { split: "test" })).rejects.toThrow("parquet files of test");
  });

  it("refuses an index that it lacks", async () => {
    const data = await openDataset(await work.folder(await classFiles()));
    await expect(data.pictures([3])).rejects.toThrow("an index below 3, got 3");
  });
});

describe("lookAhead", () => {
  it("gives a resumed run the batches of an unbroken one, and reads ahead", async () => {
    const data = await openDataset(await work.folder(await classFiles()));
    const asked: number[] = [];
    const batches = (ahead: number) => {
      const order = new ShuffledOrder(data.count, 2, 7);
      return lookAhead(data, (k) => (asked.push(k), order.at(k)), ahead);
    };
    const unbroken = batches(2);
    const all = [];
    for (let k = 1; k <= 5; k++) all.push(await unbroken(k));
    expect(asked).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const resumed = batches(0);
    for (let k = 3; k <= 5; k++) expect(await resumed(k)).toEqual(all[k - 1]);
    expect(all[0]).not.toEqual(all[1]);
  });

  it("tells of a damaged picture at its own step only", async () => {
    const folder = await work.folder({ "a.png": await png(1), "b.png": "no picture" });
    const data = await openDataset(folder);
    const batch = lookAhead(data, (k) => [k - 1]);
    expect((await batch(1)).pixels).toEqual(formula(1));
    await expect(batch(2)).rejects.toThrow("b.png");
  });
});
