// A run whose pictures are damaged on the way, mended, and gone on with.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { encodePng } from "../../src/io/png.js";
import { train } from "../../src/pipelines/train.js";
import { tinyTeacherDocument } from "./tiny-teacher.js";

const COUNT = 6;
const SIZE = 8;

let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-mended-"));
  await mkdir(join(base, "pictures"));
  for (let i = 0; i < COUNT; i++) await writePicture(i, BigInt(i));
  const { unet, ...document } = tinyTeacherDocument(join(base, "pictures"), 4);
  const whole = { ...document, unet: { ...unet, num_class_embeds: null }, class_dropout: 0 };
  const draw = { ...document.draw, cfg: 1 };
  await writeFile(join(base, "tiny.json"), JSON.stringify({ ...whole, draw }));
});

afterEach(() => rm(base, { recursive: true, force: true }));

const pathOf = (i: number) => join(base, "pictures", `${i}.png`);

async function writePicture(i: number, seed: bigint): Promise<void> {
  const generator = new Generator(seed);
  const data = Uint8Array.from({ length: 3 * SIZE * SIZE }, () => 256 * generator.random());
  await writeFile(pathOf(i), await encodePng(data, SIZE, SIZE));
}

/** Goes on with the run, or begins it, for so many steps. */
async function runOn(resume: boolean, steps = Infinity): Promise<string> {
  const notes: string[] = [];
  const controller = new AbortController();
  let training = false;
  const reporter = {
    start: (_: number, label: string) => void (training = label.startsWith("training")),
    step: (done: number) => void (training && done === steps && controller.abort()),
    note: (line: string) => void notes.push(line),
    finish: () => undefined,
  };
  const place = resume ? { resume: join(base, "run") } : { folder: join(base, "run") };
  const request = { config: join(base, "tiny.json"), overrides: {}, threads: 1, ...place };
  await train(request, reporter, controller.signal);
  return notes.join("\n");
}

describe("a run whose picture is damaged", () => {
  it("goes on with a whole one in its place, says so, and takes no other number", async () => {
    const good = await readFile(pathOf(2));
    await writeFile(pathOf(2), good.subarray(0, good.length / 2));
    // Every epoch shows every picture.
    await expect(runOn(false)).rejects.toThrow(
      /2.png: expected a whole picture, got .*\. Put a whole file of the same name in its place\.$/,
    );
    await writePicture(2, 99n);
    expect(await runOn(true, 1)).toMatch(
      /warning: pictures of this run have other content than when it began/,
    );
    // It is said whenever the run is gone on with.
    expect(await runOn(true)).toMatch(/warning: pictures of this run have other content/);

    await rm(pathOf(2));
    await expect(runOn(true)).rejects.toThrow(
      /expected the 6 pictures that the run began with, got 5\. Put the data back.*same name/,
    );
    // As many, of which one has another name.
    await writePicture(COUNT, 2n);
    await expect(runOn(true)).rejects.toThrow(/expected the 6 .*, got 6 of other content/);
  }, 300_000);

  it("says nothing of pictures that stay", async () => {
    await runOn(false, 1);
    expect(await runOn(true)).not.toMatch(/other content/);
  }, 300_000);
});
