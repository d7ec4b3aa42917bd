// Folders of pictures: however their path is written, and with links to pictures and to class folders.
import { mkdir, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FollowspotError } from "../../src/core/errors.js";
import { openDataset } from "../../src/io/dataset/index.js";
import type { PictureDataset } from "../../src/io/dataset/index.js";
import { classFiles, formula, png, workFolder } from "./dataset-files.js";

let work: Awaited<ReturnType<typeof workFolder>>;
const before = process.cwd();
beforeAll(async () => {
  work = await workFolder();
});
afterAll(async () => {
  process.chdir(before);
  await work.remove();
});

/** Pixels and labels of the whole set. */
async function all(data: PictureDataset): Promise<{ pixels: number[]; labels: number[] }> {
  const indices = Array.from({ length: data.count }, (_, i) => i);
  const { pixels, labels } = await data.pictures(indices);
  return { pixels: [...pixels], labels: [...labels!] };
}

const pixelsOf = (...indices: number[]): number[] => indices.flatMap((i) => [...formula(i)]);

async function refusal(path: string): Promise<string> {
  const told: unknown = await openDataset(path).catch((error: unknown) => error);
  expect(told).toBeInstanceOf(FollowspotError);
  expect((told as FollowspotError).remedy).toBeTruthy();
  return (told as FollowspotError).message;
}

describe("a folder's path", () => {
  it("gives the same set however it is written", async () => {
    const folder = await work.folder(await classFiles());
    const set = basename(folder);
    await mkdir(join(work.root, "x"), { recursive: true });
    const plain = await openDataset(folder);
    process.chdir(work.root);
    const ways = [
      set,
      `./${set}`,
      `${set}/`,
      `./${set}/`,
      `x/../${set}`,
      `.//${set}`,
      `${folder}/`,
    ];
    const made = await Promise.all(ways.map((path) => openDataset(path)));
    process.chdir(folder);
    for (const path of [".", "./", `../${set}`]) made.push(await openDataset(path));
    for (const data of made) {
      expect(data).toMatchObject({ count: 3, classes: ["bee", "cat"], digest: plain.digest });
    }
    process.chdir(work.root);
    expect(await all(made[1]!)).toEqual({ pixels: pixelsOf(1, 2, 3), labels: [0, 1, 1] });
    expect(made[4]!.nameOf(0)).toBe(join(set, "bee", "1.png"));
  });

  it("is found through a link", async () => {
    const folder = await work.folder(await classFiles());
    await symlink(folder, join(work.root, "set-link"), "dir");
    const data = await openDataset(join(work.root, "set-link"));
    expect(data.digest).toBe((await openDataset(folder)).digest);
  });
});

describe("links in a folder", () => {
  it("count as the class folders and pictures that they lead to", async () => {
    const away = await work.folder({ "far/4.png": await png(4), "5.png": await png(5) });
    const folder = await work.folder(await classFiles());
    await symlink(join(away, "far"), join(folder, "dog"));
    await symlink(join("..", "..", basename(away), "5.png"), join(folder, "bee", "5.png"));
    const data = await openDataset(folder);
    expect(data.classes).toEqual(["bee", "cat", "dog"]);
    const expected = { pixels: pixelsOf(1, 5, 2, 3, 4), labels: [0, 0, 1, 1, 2] };
    expect(await all(data)).toEqual(expected);
    const copied = await work.folder({
      ...(await classFiles()),
      ...{ "dog/4.png": await png(4), "bee/5.png": await png(5) },
    });
    expect(data.digest).toBe((await openDataset(copied)).digest);
  });

  it("let two classes share one folder", async () => {
    const folder = await work.folder({ "bee/1.png": await png(1) });
    await symlink("bee", join(folder, "wasp"));
    expect(await openDataset(folder)).toMatchObject({ count: 2, classes: ["bee", "wasp"] });
  });

  it("are held to the same layout: no folder beside loose pictures, none without pictures", async () => {
    const away = await work.folder({ "far/4.png": await png(4), "empty/a.txt": "a" });
    const flat = await work.folder({ "1.png": await png(1) });
    await symlink(join(away, "far"), join(flat, "dog"));
    expect(await refusal(flat)).toContain("got 1.png beside dog");
    const folder = await work.folder(await classFiles());
    await symlink(join(away, "empty"), join(folder, "dog"));
    expect(await refusal(folder)).toContain("got none in dog/");
  });

  it.each([
    ["the set", ".."],
    ["the folder that holds it", "."],
  ])("to %s are refused", async (_, target) => {
    const folder = await work.folder(await classFiles());
    await symlink(target, join(folder, "cat", "more"));
    const told = await refusal(folder);
    expect(told).toContain(`${folder}: expected no folder within itself, got cat/more,`);
    expect(told).toContain("Remove the link");
  });

  it("to a folder above the set are refused", async () => {
    const outer = await work.folder({ "set/bee/1.png": await png(1) });
    await symlink(outer, join(outer, "set", "cat"));
    expect(await refusal(join(outer, "set"))).toContain("got cat/set,");
  });

  it.each([
    ["cat/9.png", "absent.png"],
    ["dog", "absent"],
    ["dog", "dog"],
  ])("that lead nowhere are refused: %s to %s", async (name, target) => {
    const folder = await work.folder(await classFiles());
    await symlink(target, join(folder, name));
    expect(await refusal(folder)).toContain(`got ${name}, which leads nowhere. Mend the link`);
  });

  it("that are litter are passed over", async () => {
    const folder = await work.folder(await classFiles());
    await symlink("nobody@nowhere", join(folder, "cat", ".#2.png"));
    await symlink("..", join(folder, ".up"));
    expect(await openDataset(folder)).toMatchObject({ count: 3, classes: ["bee", "cat"] });
  });
});

describe("a zip whose class folders lie in another", () => {
  it("is read from there, whatever other files lie beside, and with a single picture", async () => {
    const classes = Object.entries(await classFiles());
    const files = Object.fromEntries(classes.map(([name, bytes]) => [`set/train/${name}`, bytes]));
    const notes = { "README.txt": new Uint8Array([1]), "set/.DS_Store": new Uint8Array([2]) };
    const whole = await openDataset(await work.zip({ ...notes, ...files }));
    expect(whole).toMatchObject({ count: 3, classes: ["bee", "cat"] });
    await whole.close();
    const single = await openDataset(await work.zip({ "train/cat/1.png": await png(1) }));
    expect(single).toMatchObject({ count: 1, classes: ["cat"] });
    await single.close();
  });
});
