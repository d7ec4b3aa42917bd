// The forms in which a pipeline's weights come: half precision, bfloat16, shards; and what is refused.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import { tinyPipeline } from "./tiny-pipeline.js";

const PART = "unet/diffusion_pytorch_model";
let model: Awaited<ReturnType<typeof tinyPipeline>>;
let path: string;

beforeEach(async () => {
  model = await tinyPipeline();
  path = join(model.folder, `${PART}.safetensors`);
});
afterEach(() => model.remove());

async function picture(): Promise<Uint8Array> {
  const pipe = await loadPipeline(model.folder, { threads: 1 });
  const [drawn] = await pipe.pictures({ prompt: "a red cube", steps: 2, cfg: 1 });
  await pipe.close();
  return drawn!.picture.data;
}

async function tensors() {
  const file = await openSafetensors(path);
  const names = [...file.tensors.keys()];
  return Promise.all(names.map(async (name) => [name, await file.readFloat32(name)] as const));
}

/** Float32 tensors as the upper halves of their bits, in a file of bfloat16. */
function bfloat16File(entries: Awaited<ReturnType<typeof tensors>>): Uint8Array {
  const header: Record<string, unknown> = {};
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of entries) {
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    const bytes = new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer);
    header[name] = { dtype: "BF16", shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    pieces.push(bytes);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...pieces]);
}

const largestDifference = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe("weights", () => {
  it("are read from shards as from one file", async () => {
    const whole = await picture();
    const entries = await tensors();
    const map: Record<string, string> = {};
    for (const [index, part] of [entries.slice(0, 20), entries.slice(20)].entries()) {
      const name = `diffusion_pytorch_model-0000${index + 1}-of-00002.safetensors`;
      await writeSafetensors(join(model.folder, "unet", name), Object.fromEntries(part));
      for (const [key] of part) map[key] = name;
    }
    rmSync(path);
    writeFileSync(`${path}.index.json`, JSON.stringify({ metadata: {}, weight_map: map }));
    expect(await picture()).toEqual(whole);
  });

  it("are taken from the half-precision variant where there is no other", async () => {
    const whole = await picture();
    renameSync(path, join(model.folder, `${PART}.fp16.safetensors`));
    expect(await picture()).toEqual(whole);
  });

  it("are converted from bfloat16", async () => {
    const whole = await picture();
    writeFileSync(path, bfloat16File(await tensors()));
    const rounded = await picture();
    expect(rounded).not.toEqual(whole);
    expect(largestDifference(rounded, whole)).toBeLessThan(64);
  });

  it("are refused when they are pickled, with the way to convert them", async () => {
    renameSync(path, join(model.folder, `${PART}.bin`));
    await expect(picture()).rejects.toThrow(/pickled checkpoint.*Convert it once/);
  });

  it("are refused when there are none, or too few, or the file is cut short", async () => {
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 5));
    await expect(picture()).rejects.toThrow(/safetensors: .*expected/);
    const entries = await tensorsOf(bytes);
    await writeSafetensors(path, Object.fromEntries(entries.slice(1)));
    await expect(picture()).rejects.toThrow(/got no such weight/);
    rmSync(path);
    await expect(picture()).rejects.toThrow(/expected unet\/diffusion_pytorch_model/);
  });
});

async function tensorsOf(bytes: Uint8Array) {
  writeFileSync(path, bytes);
  return tensors();
}

describe("a folder that is no such pipeline", () => {
  it("is refused with what it is", async () => {
    const index = join(model.folder, "model_index.json");
    const json = JSON.parse(readFileSync(index, "utf8")) as Record<string, unknown>;
    writeFileSync(index, JSON.stringify({ ...json, text_encoder_2: ["transformers", "CLIP"] }));
    await expect(picture()).rejects.toThrow(/got two text encoders \(StableDiffusionPipeline\)/);
    const { unet: _unet, ...rest } = json;
    writeFileSync(index, JSON.stringify(rest));
    await expect(picture()).rejects.toThrow(/expected a Stable Diffusion pipeline with unet/);
  });
});
