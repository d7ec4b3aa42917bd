// What a training run leaves: a diffusers folder that this package opens, and that inspection can tell.

import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import { openSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { initialise } from "../../src/nn/init.js";
import { inspectModel } from "../../src/pipelines/inspect.js";
import { digestOf, readPipelineFolder } from "../../src/pipelines/text-to-image-folder.js";
import { toHalf } from "../../src/training/half.js";
import { BACKGROUNDS, COLOURS, knownWords } from "../../src/training/scenes/index.js";
import { textToImageSchema } from "../../src/training/text-to-image/config.js";
import { exportTextToImage } from "../../src/training/text-to-image/export.js";
import { lastingDigest } from "../../src/training/digest.js";
import { packingOf } from "../../src/training/text-to-image/train.js";
import { tinyDocument, writeTinyRun } from "./tiny.js";

const DRAW = { sampler: "ddim", steps: 12, cfg: 4, methods: { direct: { trailing: 9 } } };

let base: string;
let model: string;
const trained = () => {
  const config = textToImageSchema.parse({ ...tinyDocument(base, 3), draw: DRAW });
  const packing = packingOf(config, { latentSize: 4, tokens: 24, text: undefined });
  const vector = packing.pack(initialise(packing.specs, new Generator(8n)));
  return { config, packing, average: floats([packing.size], vector), step: 3 };
};

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-export-"));
  model = join(base, "model");
  await writeTinyRun(base, 3);
  const { config, ...rest } = trained();
  await exportTextToImage(config, rest, model);
});

afterAll(() => rm(base, { recursive: true, force: true }));

const json = async (path: string) =>
  JSON.parse(await readFile(join(model, path), "utf8")) as Record<string, unknown>;

describe("an exported text-to-image model", () => {
  it("is a Stable Diffusion pipeline without a safety checker", async () => {
    expect(await json("model_index.json")).toMatchObject({
      _class_name: "StableDiffusionPipeline",
      safety_checker: [null, null],
      unet: ["diffusers", "UNet2DConditionModel"],
      vae: ["diffusers", "AutoencoderTiny"],
      scheduler: ["diffusers", "DDIMScheduler"],
      text_encoder: ["transformers", "CLIPTextModel"],
    });
    expect(await json("text_encoder/config.json")).toMatchObject({
      architectures: ["CLIPTextModel"],
      bos_token_id: 512,
      eos_token_id: 513,
      pad_token_id: 513,
      projection_dim: 4,
      hidden_size: 4,
    });
  });

  it("writes no whole number where transformers expects a fraction, which it refuses", async () => {
    const config = await json("text_encoder/config.json");
    const whole = Object.entries(config).filter(([, value]) => Number.isInteger(value));
    const counts = /_id$|_size$|^num_|^max_position_embeddings$|^projection_dim$/;
    expect(whole.map(([name]) => name).filter((name) => !counts.test(name))).toEqual([]);
    // Else transformers computes in float16 what diffusers feeds to a float32 UNet.
    expect(config["torch_dtype"]).toBe("float32");
  });

  it("opens as what was trained", async () => {
    const pipeline = await readPipelineFolder(model);
    const { config } = trained();
    expect(pipeline.unet).toEqual(config.unet);
    expect(pipeline.textEncoder).toEqual(config.text_encoder);
    expect(pipeline.size).toEqual([16, 16]);
    expect(pipeline.defaults).toMatchObject(DRAW);
    expect(pipeline.schedule.config).toMatchObject({
      prediction: "v_prediction",
      rescaleZeroSnr: true,
      clipSample: false,
    });
    for (const word of knownWords()) expect(pipeline.words).toContain(word);
  });

  it("has the averaged weights, in half precision, and says where they come from", async () => {
    const { config, packing, average } = trained();
    const expected = packing.unpack(average.data);
    const files = {
      "unet.": "unet/diffusion_pytorch_model.safetensors",
      "text_encoder.": "text_encoder/model.safetensors",
    };
    let found = 0;
    for (const [prefix, path] of Object.entries(files)) {
      const file = await openSafetensors(join(model, path));
      const digest = lastingDigest(config);
      expect(file.metadata).toEqual({ format: "pt", step: "3", config: digest });
      for (const name of file.tensors.keys()) {
        const whole = prefix + name;
        expect(await file.read(name), whole).toEqual(toHalf(whole, expected.get(whole)!));
        found++;
      }
    }
    expect(found).toBe(expected.size);
  });
});

describe("inspectModel", () => {
  it("tells parts, sites, facts and words", async () => {
    const report = await inspectModel(model);
    const { packing } = trained();
    expect(report.digest).toBe(await digestOf(model));
    const byPart = Object.fromEntries(report.parts.map((part) => [part.part, part]));
    const sizeOf = (prefix: string) =>
      packing.specs
        .filter(({ name }) => name.startsWith(prefix))
        .reduce((total, { shape }) => total + shape.reduce((a, b) => a * b, 1), 0);
    expect(byPart["unet"]).toEqual({
      part: "unet",
      className: "UNet2DConditionModel",
      parameters: sizeOf("unet."),
      bytes: 2 * sizeOf("unet."),
      dtype: "float16",
    });
    expect(byPart["text_encoder"]).toMatchObject({
      className: "CLIPTextModel",
      parameters: sizeOf("text_encoder."),
    });
    expect(byPart["vae"]).toMatchObject({ className: "AutoencoderTiny", dtype: "float32" });
    expect(report.sites).toContainEqual({
      name: "down.0.attn.0.cross",
      columns: 4,
      rows: 4,
      heads: 2,
      tokens: 24,
    });
    expect(report.facts).toMatchObject({
      size: "16x16",
      "latent factor": 4,
      prediction: "v_prediction",
      scheduler: "DDIMScheduler",
      "trained steps": "3",
    });
    expect(report.vocabulary).toMatchObject({ colours: COLOURS, backgrounds: BACKGROUNDS });
    expect(report.unsupported).toEqual([
      "draw other sizes than 16x16, unless forced",
      "read more than 22 tokens of a prompt: the rest is cut",
    ]);
  });

  const copied = async (name: string) => {
    const folder = join(base, name);
    await cp(model, folder, { recursive: true });
    return folder;
  };

  it("tells what is not supported, and what is there all the same", async () => {
    const folder = await copied("strange");
    const path = join(folder, "unet", "config.json");
    const config = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...config, class_embed_type: "timestep" }));
    const { parts, unsupported, sites } = await inspectModel(folder);
    expect(unsupported.join()).toMatch(/class_embed_type: expected null or false, got "timestep"/);
    expect(parts.length).toBe(3);
    expect(sites).toEqual([]);
  });

  it("tells parts that drawing leaves out", async () => {
    const folder = await copied("careful");
    const path = join(folder, "model_index.json");
    const checker = ["stable_diffusion", "StableDiffusionSafetyChecker"];
    const index = { ...(await json("model_index.json")), safety_checker: checker };
    await writeFile(path, JSON.stringify(index));
    const { unsupported } = await inspectModel(folder);
    expect(unsupported).toContain(
      "use its safety_checker (StableDiffusionSafetyChecker): that part is left out",
    );
  });

  it("tells when weights do not fit their configuration", async () => {
    const folder = await copied("misfit");
    const path = join(folder, "unet", "diffusion_pytorch_model.safetensors");
    const file = await openSafetensors(path);
    const names = [...file.tensors.keys()].filter((name) => name !== "conv_in.weight");
    const kept = await Promise.all(
      names.map(async (name) => [name, await file.read(name)] as const),
    );
    await writeSafetensors(path, kept);
    const { unsupported } = await inspectModel(folder);
    expect(unsupported.join()).toMatch(/use its unet: weight conv_in.weight: .* no such weight/);
  });

  it("refuses a truncated checkpoint and a model that is not there", async () => {
    const folder = await copied("short");
    await truncate(join(folder, "unet", "diffusion_pytorch_model.safetensors"), 5000);
    await expect(inspectModel(folder)).rejects.toThrow(/diffusion_pytorch_model.safetensors/);
    await expect(inspectModel("nothing")).rejects.toThrow(/model: nothing: expected/);
  });
});
