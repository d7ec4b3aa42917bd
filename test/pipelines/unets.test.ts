// A model with a network of its own for one step: drawn, told apart, inspected and refused.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import { readJsonObject, writeJson } from "../../src/io/json.js";
import { openSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { inspectModel } from "../../src/pipelines/inspect.js";
import { digestOf } from "../../src/pipelines/text-to-image-folder.js";
import { pipelineFiles } from "../../src/pipelines/text-to-image-files.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import { writeTinyPipeline } from "./tiny-pipeline.js";

const WEIGHTS = "diffusion_pytorch_model.safetensors";
const root = mkdtempSync(join(tmpdir(), "followspot-unets-"));
const [four, one, both] = ["four", "one", "both"].map((name) => join(root, name)) as [
  string,
  string,
  string,
];

beforeAll(async () => {
  await writeTinyPipeline(four);
  cpSync(four, one, { recursive: true });
  const known = await (await openSafetensors(join(four, "unet", WEIGHTS))).readAllFloat32();
  const moved = [...known].map(([name, { shape, data }]) => {
    return [
      name,
      floats(
        shape,
        data.map((value) => 1.2 * value),
      ),
    ] as const;
  });
  await writeSafetensors(join(one, "unet", WEIGHTS), Object.fromEntries(moved), { format: "pt" });
  cpSync(four, both, { recursive: true });
  cpSync(join(one, "unet"), join(both, "unet_1"), { recursive: true });
  await writeJson(join(both, "followspot.json"), { unets: { "1": ["unet_1"] } });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function drawn(folder: string, steps: readonly number[]): Promise<Uint8Array[]> {
  const pipe = await loadPipeline(folder, { threads: 1 });
  const all: Uint8Array[] = [];
  for (const each of steps) {
    const [made] = await pipe.pictures({ prompt: "a red cube", steps: each, cfg: 1, seed: 7n });
    all.push(made!.picture.data);
  }
  await pipe.close();
  return all;
}

/** What is seen at each of two steps. */
async function steps(folder: string): Promise<Uint8Array[]> {
  const pipe = await loadPipeline(folder, { threads: 1 });
  const all: Uint8Array[] = [];
  const asked = { prompt: "a red cube", steps: 2, cfg: 1, seed: 7n, previews: true };
  for await (const { preview, pictures } of pipe.draw(asked)) {
    all.push((pictures?.[0]?.picture ?? preview!).data);
  }
  await pipe.close();
  return all;
}

describe("a model with a network for one step", () => {
  it("draws one step with it, and all others with its first, in any order", async () => {
    const [first] = await drawn(one, [1]);
    const [two, plain] = await drawn(four, [2, 1]);
    expect(await drawn(both, [2, 1, 2, 1])).toEqual([two, first, two, first]);
    expect(first).not.toEqual(plain);
  });

  it("is another than that of the first network alone", async () => {
    expect(await digestOf(both)).not.toBe(await digestOf(four));
  });

  it("has the network at each step that it names for it", async () => {
    const mixed = join(root, "mixed");
    cpSync(both, mixed, { recursive: true });
    const named = async (...names: string[]) => {
      await writeJson(join(mixed, "followspot.json"), { unets: { "2": names } });
      return { digest: await digestOf(mixed), pictures: await steps(mixed) };
    };
    const [ofFour, ofOne] = [await steps(four), await steps(one)];
    const [same, ahead, behind] = [
      await named("unet_1", "unet_1"),
      await named("unet_1", "unet"),
      await named("unet", "unet_1"),
    ];
    expect(same.pictures).toEqual(ofOne);
    // What the first step expects tells its network; the last picture is neither network's alone.
    expect(ahead.pictures[0]).toEqual(ofOne[0]);
    expect(behind.pictures[0]).toEqual(ofFour[0]);
    const ends = [ofFour, ofOne, ahead.pictures, behind.pictures].map(([, end]) => end!.join());
    expect(new Set(ends).size).toBe(4);
    expect(new Set([same, ahead, behind].map(({ digest }) => digest)).size).toBe(3);
  });

  it("is inspected with both, and downloaded with both", async () => {
    const { parts, facts, unsupported } = await inspectModel(both);
    expect(parts.map(({ part }) => part)).toContain("unet_1");
    expect(facts["networks"]).toBe("unet_1 for 1 step; otherwise unet");
    expect(unsupported.join()).not.toContain("unet_1");
    const small = ["unet", "vae", "text_encoder"].flatMap((part) => [`${part}/config.json`]);
    const files = [
      ...small,
      ...["scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt"],
      ...[
        "model_index.json",
        `unet/${WEIGHTS}`,
        `vae/${WEIGHTS}`,
        "text_encoder/model.safetensors",
      ],
      ...["unet_1/config.json", `unet_1/${WEIGHTS}`, "unet_1/notes.txt"],
    ];
    const own = (names: readonly string[]) =>
      pipelineFiles(names, "m").filter((file) => file.startsWith("unet_1"));
    expect(own(files)).toEqual([]);
    expect(own([...files, "followspot.json"])).toEqual([`unet_1/config.json`, `unet_1/${WEIGHTS}`]);
  });

  it("is refused where that network is elsewhere, of another form, or without weights", async () => {
    const broken = join(root, "broken");
    cpSync(both, broken, { recursive: true });
    const own = join(broken, "followspot.json");
    for (const unets of [
      { "1": ["../unet"] },
      { "1": ["vae"] },
      { none: ["unet_1"] },
      { "2": ["unet_1"] },
    ]) {
      await writeJson(own, { unets });
      await expect(loadPipeline(broken)).rejects.toThrow(/followspot\.json/);
    }
    await writeJson(own, { unets: { "1": ["unet_1"] } });
    const config = join(broken, "unet_1", "config.json");
    const facts = await readJsonObject(config);
    await writeJson(config, { ...facts, layers_per_block: 2 });
    await expect(loadPipeline(broken)).rejects.toThrow(/unet_1.config\.json: expected the config/);
    await writeJson(config, facts);
    const weights = join(broken, "unet_1", WEIGHTS);
    await rm(weights);
    const pipe = await loadPipeline(broken, { threads: 1 });
    const asked = { prompt: "a red cube", steps: 1, cfg: 1 };
    await expect(pipe.pictures(asked)).rejects.toThrow(/expected unet_1\/.*got none/);
    await writeFile(weights, "damaged");
    await expect(pipe.pictures(asked)).rejects.toThrow(/unet_1/);
    await pipe.close();
  });
});
