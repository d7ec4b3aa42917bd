import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FollowspotError } from "../../src/core/errors.js";
import { openDataset } from "../../src/io/dataset/index.js";
import type { DatasetOptions } from "../../src/io/dataset/index.js";
import { encodePng } from "../../src/io/png.js";
import { classFiles, idx, png, workFolder } from "./dataset-files.js";

const GOLDEN = fileURLToPath(new URL("../golden/dataset/", import.meta.url));

let work: Awaited<ReturnType<typeof workFolder>>;
beforeAll(async () => {
  work = await workFolder();
});
afterAll(() => work.remove());

/** What is said when a set is opened and all of it read: one line that names the file and a remedy. */
async function refusal(path: string, options: DatasetOptions = {}): Promise<string> {
  const told: unknown = await openDataset(path, options)
    .then(async (data) => {
      await data.pictures(Array.from({ length: data.count }, (_, i) => i));
    })
    .catch((error: unknown) => error);
  expect(told).toBeInstanceOf(FollowspotError);
  const { message, remedy } = told as FollowspotError;
  expect(remedy).toBeTruthy();
  expect(message).not.toContain("\n");
  expect(message.replaceAll("\\", "/")).toContain(path.replaceAll("\\", "/"));
  return message;
}

describe("a set that cannot be used is refused in one line", () => {
  it("nothing there", async () => {
    expect(await refusal(join(work.root, "absent"))).toContain("no such file or folder");
  });

  it("an empty folder", async () => {
    expect(await refusal(await work.folder({}))).toContain("got no files");
  });

  it("a folder without pictures", async () => {
    expect(await refusal(await work.folder({ "a.txt": "a" }))).toContain("got 1 other files");
  });

  it("nested folders", async () => {
    const files = { "train/cat/1.png": await png(1), "test/cat/2.png": await png(2) };
    expect(await refusal(await work.folder(files))).toContain(
      "got test/cat/2.png. Give the folder",
    );
    expect(await refusal(await work.zip(files))).toContain("expected class/picture");
  });

  it("an empty class folder", async () => {
    const folder = await work.folder(await classFiles());
    await mkdir(join(folder, "dog"));
    expect(await refusal(folder)).toContain("got none in dog/");
  });

  it("pictures beside class folders", async () => {
    const folder = await work.folder({ ...(await classFiles()), "loose.png": await png(4) });
    expect(await refusal(folder)).toContain("got loose.png beside bee/1.png");
  });

  it("an empty folder beside flat pictures", async () => {
    const folder = await work.folder({ "1.png": await png(1) });
    await mkdir(join(folder, "dog"));
    expect(await refusal(folder)).toContain("got 1.png beside dog");
  });

  it("a folder of zips", async () => {
    expect(await refusal(await work.folder({ "a.zip": "PK" }))).toContain("Give one of them");
  });

  it("another kind of file", async () => {
    const path = await work.write("set.tar", "ustar");
    expect(await refusal(path)).toContain("got a file that begins with 75737461");
    expect(await refusal(await work.write("none", ""))).toContain("begins with nothing");
  });
});

describe("a damaged or unfitting picture is named", () => {
  it("cut short", async () => {
    const whole = await png(2);
    const folder = await work.folder({ "a.png": await png(1), "b.png": whole.subarray(0, 60) });
    expect(await refusal(folder)).toMatch(
      /b\.png: expected a whole picture, got .*Put a whole file of the same name/,
    );
  });

  it("of another size, unless a size is asked for", async () => {
    const folder = await work.folder({ "a.png": await png(1, 8), "b.png": await png(2, 9) });
    expect(await refusal(folder)).toContain("b.png: expected 8x8 like the first picture, got 9x9");
    const data = await openDataset(folder, { size: 8 });
    expect((await data.pictures([0, 1])).pixels).toHaveLength(2 * 8 * 8 * 3);
  });

  it("not square, unless a size is asked for", async () => {
    const wide = await encodePng(new Uint8Array(4 * 2 * 3), 4, 2);
    expect(await refusal(await work.folder({ "a.png": wide }))).toContain(
      "square picture, got 4x2",
    );
  });

  it("too large to pad", async () => {
    const folder = await work.folder({ "a.png": await png(1) });
    expect(await refusal(folder, { size: 4, fit: "pad" })).toContain("at most 4x4 to pad, got 8x8");
  });

  it("of an impossible size", async () => {
    const folder = await work.folder({ "a.png": await png(1) });
    await expect(openDataset(folder, { size: 0 })).rejects.toThrow("a size from 1 to 4096, got 0");
  });
});

describe("a damaged zip", () => {
  it("is refused when it is cut short", async () => {
    const bytes = zipSync(await classFiles(), { level: 0 });
    const path = await work.write("short.zip", bytes.subarray(0, bytes.length - 40));
    expect(await refusal(path)).toContain("expected a whole zip, got a fault");
  });

  it("is refused when a byte of a picture has changed", async () => {
    const path = await work.zip(await classFiles());
    const bytes = await readFile(path);
    bytes[200]! ^= 1;
    const changed = await work.write("changed.zip", bytes);
    expect(await refusal(changed)).toMatch(/(?:bee|cat)\/\d\.png: .*its checksum is wrong/);
  });

  it("is refused when deflated bytes have changed", async () => {
    const path = await work.zip(await classFiles(), 6);
    const bytes = await readFile(path);
    bytes.fill(255, 60, 90);
    expect(await refusal(await work.write("changed-6.zip", bytes))).toContain("bee/1.png");
  });

  it("is refused when it is empty", async () => {
    expect(await refusal(await work.zip({}))).toContain("got no files");
  });
});

describe("a damaged idx file", () => {
  const NAME = "train-images-idx3-ubyte";
  const three = Uint8Array.from({ length: 27 }, (_, i) => i);

  it.each([
    ["cut short", idx([3, 3, 3], three.subarray(1)), "expected 27 bytes for 3 x 3 x 3, got 26"],
    ["empty", idx([0, 3, 3], new Uint8Array()), "got an empty file"],
    ["of one dimension", idx([27], three), "expected idx bytes in 3 dimensions"],
    ["gzip that is cut short", idx([3, 3, 3], three, true).subarray(0, 30), "a whole gzip file"],
  ])("%s", async (_, bytes, expected) => {
    const folder = await work.folder({ [NAME]: bytes });
    expect(await refusal(join(folder, NAME))).toContain(expected);
  });

  it("with another number of labels", async () => {
    const folder = await work.folder({
      [NAME]: idx([3, 3, 3], three),
      "train-labels-idx1-ubyte": idx([2], Uint8Array.of(0, 1)),
    });
    expect(await refusal(folder)).toContain(`expected 3 labels for ${NAME}, got 2`);
  });
});

describe("a parquet file", () => {
  it("with a label beyond its classes", async () => {
    const told = await refusal(join(GOLDEN, "wrong-label.parquet"));
    expect(told).toContain("row 3: expected a label below 3, got 3");
  });

  it("without pictures", async () => {
    expect(await refusal(join(GOLDEN, "no-pictures.parquet"))).toContain("got text, label");
  });

  it("that is cut short", async () => {
    const bytes = await readFile(join(GOLDEN, "train-hub.parquet"));
    const path = await work.write("short.parquet", bytes.subarray(0, 900));
    expect(await refusal(path)).toContain("expected a whole parquet file");
  });
});
