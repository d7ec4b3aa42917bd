import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectTeacherFolder } from "./expect-folder.js";

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-expect-"));
});

afterAll(() => rm(base, { recursive: true, force: true }));

const PIPELINE = { _class_name: "DDIMPipeline", unet: ["diffusers", "UNet2DModel"] };
const WORDS = {
  _class_name: "StableDiffusionPipeline",
  unet: ["diffusers", "UNet2DConditionModel"],
};

/** A folder with these files. */
async function folderOf(name: string, files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = join(base, name);
  await mkdir(folder);
  for (const [file, value] of Object.entries(files)) {
    await writeFile(join(folder, file), JSON.stringify(value));
  }
  return folder;
}

describe("the folder of a teacher or a student", () => {
  it("has an index and followspot.json", async () => {
    const files = { "model_index.json": PIPELINE, "followspot.json": {} };
    await expectTeacherFolder(await folderOf("whole", files));
  });

  it.each([
    ["empty", {}, /got something without it. Trained models are in the folder model/],
    ["unnamed", { "model_index.json": {} }, /got a model_index.json that names no pipeline/],
    [
      "foreign",
      { "model_index.json": PIPELINE },
      /got the pipeline DDIMPipeline without that file. Models of pixels are read as followspot train/,
    ],
    [
      "words",
      { "model_index.json": WORDS },
      /got the pipeline StableDiffusionPipeline.*followspot draw/,
    ],
    [
      "audio",
      { "model_index.json": { _class_name: "AudioPipeline" } },
      /got the pipeline AudioPipeline. Models of pixels/,
    ],
  ])("is not one that is %s", async (name, files, message) => {
    await expect(expectTeacherFolder(await folderOf(name, files))).rejects.toThrow(message);
  });
});
