// What a run goes on from: the same model and pictures, wherever they lie by now, with classes by their names.

import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import sharp from "sharp";
import { openDataset } from "../../src/io/dataset/index.js";
import { readJson, writeJson } from "../../src/io/json.js";
import { openSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { train } from "../../src/pipelines/train.js";
import type { TrainRequest } from "../../src/pipelines/train-request.js";
import { inClassesOf, placesOf, readTeacher } from "../../src/training/teacher/index.js";
import { writeTinyDistillation } from "../training/tiny-teacher.js";

const STEPS = 6;
const WEIGHTS = "unet/diffusion_pytorch_model.safetensors";
let base: string;
let config: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-parents-"));
  config = await writeTinyDistillation(base, STEPS);
});

afterEach(() => rm(base, { recursive: true, force: true }));

/** A run of the training service until `stop` steps, or to the end. */
function runService(request: Partial<TrainRequest>, stop = Infinity) {
  const controller = new AbortController();
  const reporter = {
    start: () => undefined,
    step: (done: number) => void (done === stop && controller.abort()),
    note: () => undefined,
    finish: () => undefined,
  };
  const whole = { config, overrides: {}, threads: 1, ...request };
  return train(whole, reporter, controller.signal);
}

/** Changes the first weight of a model's network. */
async function retrain(model: string, value: number): Promise<void> {
  const path = join(model, WEIGHTS);
  const file = await openSafetensors(path);
  const weights = [...(await file.readAllFloat32())];
  weights[0]![1].data[0] = value;
  await writeSafetensors(path, weights, file.metadata);
}

describe("a run that is gone on with", () => {
  it("refuses a parent that is another model by now, before and after its last step", async () => {
    const folder = join(base, "run");
    await runService({ folder }, 2);
    const kept = await readFile(join(base, "parent", WEIGHTS));
    await retrain(join(base, "parent"), 0.5);
    await expect(runService({ resume: folder })).rejects.toThrow(
      /resume: parent: expected the model that the run began with, \w{12}, got \w{12}/,
    );
    await rm(join(base, "parent", WEIGHTS));
    await writeFile(join(base, "parent", WEIGHTS), kept);
    expect(await runService({ resume: folder })).toMatchObject({ steps: STEPS, unfinished: false });
  }, 300_000);

  it("takes parent and pictures from where they lie now, and ends as one that stayed", async () => {
    const { model } = await runService({ folder: join(base, "stayed") });
    const folder = join(base, "run");
    await runService({ folder }, 3);
    await rename(join(base, "parent"), join(base, "2024"));
    await rename(join(base, "pictures"), join(base, "moved"));
    const overrides = { parent: join(base, "2024"), "data.path": join(base, "moved") };
    const moved = await runService({ resume: folder, overrides });
    expect((await readTeacher(moved.model!)).digest).toBe((await readTeacher(model!)).digest);
    const other = { ...overrides, "data.split": "test" };
    await expect(runService({ resume: folder, overrides: other })).rejects.toThrow(
      /resume: expected changes of .*parent, data\.path only, got one of data/,
    );
  }, 300_000);

  it("takes the network of its critic from where that lies now", async () => {
    const adversarial = { weight: 0.1, network: join(base, "critic") };
    await cp(join(base, "parent"), adversarial.network, { recursive: true });
    const document = (await readJson(config)) as object;
    await writeJson(config, { ...document, adversarial });
    const folder = join(base, "run");
    await runService({ folder }, 3);
    await rename(adversarial.network, join(base, "moved"));
    const moved = { "adversarial.network": join(base, "moved") };
    const ended = await runService({ resume: folder, overrides: moved });
    expect(ended).toMatchObject({ unfinished: false });
    const weight = { ...moved, "adversarial.weight": 0.2 };
    await expect(runService({ resume: folder, overrides: weight })).rejects.toThrow(
      /adversarial\.network, data\.path only, got one of adversarial/,
    );
  }, 300_000);

  it("refuses weights that are no numbers, by file and name", async () => {
    await retrain(join(base, "parent"), NaN);
    await expect(runService({ folder: join(base, "run") })).rejects.toThrow(
      /parent\/unet\/.*safetensors: expected finite weights, got NaN in /,
    );
  });
});

describe("pictures in class folders", () => {
  const FOLDERS = ["bee", "cat", "dog"];

  async function pictures() {
    for (const [i, name] of FOLDERS.entries()) {
      await mkdir(join(base, "set", name), { recursive: true });
      const background = { r: 10 * i, g: 0, b: 0 };
      const made = sharp({ create: { width: 8, height: 8, channels: 3, background } });
      await made.png().toFile(join(base, "set", name, "1.png"));
    }
    return openDataset(join(base, "set"));
  }

  it("have the labels of a model that knows their classes in another order", async () => {
    const data = await pictures();
    const own = ["dog", "ant", "bee", "cat"];
    const its = inClassesOf(own, data, "set");
    const { pixels, labels } = await its.pictures([0, 1, 2]);
    expect([...labels!]).toEqual([2, 3, 0]);
    expect([pixels[0], pixels[192], pixels[384]]).toEqual([0, 10, 20]);
    expect([its.classes, its.count, its.nameOf(2)]).toEqual([own, 3, data.nameOf(2)]);
    await its.close();
  });

  it("are known by their names though these are numbers, and number classes that have others", () => {
    expect(placesOf(["1", "2", "3"], ["0", "1", "2"])).toEqual([-1, 0, 1]);
    expect(placesOf(["cat", "dog"], ["0", "1"])).toEqual([0, 1]);
    expect(placesOf(undefined, ["b", "a"])).toEqual([0, 1]);
    expect(placesOf(["cat", "dog"], ["cow", "dog"])).toEqual([-1, 1]);
  });

  it("stay as they are in the model's order, and are refused where it lacks one", async () => {
    const data = await pictures();
    expect(inClassesOf(FOLDERS, data, "set")).toBe(data);
    expect(inClassesOf(undefined, data, "set")).toBe(data);
    expect(() => inClassesOf(["bee", "cat", "cow"], data, "set")).toThrow(
      /set: expected the classes of the model, bee, cat, cow, got "dog"/,
    );
    await data.close();
  });
});
