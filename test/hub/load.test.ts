// From a hub id to a picture: downloaded once, whole, and opened by Hugging Face's own library too.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { describeModel } from "../../src/pipelines/draw.js";
import type { Reporter } from "../../src/pipelines/draw-request.js";
import { pipelineFiles } from "../../src/pipelines/text-to-image-files.js";
import { obtainModel } from "../../src/pipelines/text-to-image-obtain.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import { tinyPipeline } from "../pipelines/tiny-pipeline.js";
import { COMMIT, startHub } from "./hub-server.js";
import type { TestHub } from "./hub-server.js";

const ID = "org/tiny";

let model: Awaited<ReturnType<typeof tinyPipeline>>;
let files: Record<string, Uint8Array>;
let home: string;
let hub: TestHub;

function filesUnder(folder: string): Record<string, Uint8Array> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name));
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path)]));
}

beforeAll(async () => {
  model = await tinyPipeline();
  files = {
    ...filesUnder(model.folder),
    "README.md": Buffer.from("# Tiny"),
    "x.ckpt": Buffer.of(1),
  };
});
afterAll(() => model.remove());

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "followspot-home-"));
  await serve(files);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(home, { recursive: true });
});

async function serve(served: Record<string, Uint8Array>): Promise<void> {
  hub = await startHub(ID, served);
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  vi.stubEnv("HF_HOME", home);
  for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"]) {
    vi.stubEnv(name, "");
  }
}

const snapshot = () => join(home, "hub", "models--org--tiny", "snapshots", COMMIT);

async function draw(name: string): Promise<Uint8Array> {
  const pipe = await loadPipeline(name, { threads: 1 });
  const [drawn] = await pipe.pictures({ prompt: "a red cube", steps: 2, cfg: 1 });
  await pipe.close();
  return drawn!.picture.data;
}

describe("a hub id", () => {
  it("is downloaded and drawn as the folder is, and then needs no hub", async () => {
    const expected = await draw(model.folder);
    expect(await draw(ID)).toEqual(expected);
    expect(Object.keys(filesUnder(snapshot()))).not.toContain("x.ckpt");
    hub.log.length = 0;
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const again = await loadPipeline(ID);
    expect(again.model.size).toEqual([32, 32]);
    await again.close();
    expect(hub.log).toEqual([]);
  }, 180_000);

  it("is told with its licence and in megabytes, and described as the folder is", async () => {
    const lines: string[] = [];
    const reporter: Reporter = {
      start: (total, label) => lines.push(`start ${total} ${label}`),
      step: (done, note) => lines.push(`step ${done} ${note}`),
      note: (line) => lines.push(line),
      finish: () => lines.push("finish"),
    };
    const { digest } = await describeModel(ID, reporter);
    expect(digest).toBe((await describeModel(model.folder)).digest);
    expect(lines[0]).toBe("downloading org/tiny (licence openrail) into Hugging Face's cache");
    expect(lines[1]).toMatch(/^start \d+ org\/tiny, MB$/);
    expect(lines.at(-1)).toBe("finish");
    lines.length = 0;
    await describeModel(ID, reporter);
    expect(lines).toEqual(["finish"]);
  });

  it("is completed where other tools have fetched but a part", async () => {
    await obtainModel(ID);
    await rm(join(snapshot(), "unet/config.json"));
    await rename(join(snapshot(), "vae"), join(home, "elsewhere"));
    await obtainModel(ID);
    expect(existsSync(join(snapshot(), "unet/config.json"))).toBe(true);
    expect(existsSync(join(snapshot(), "vae/diffusion_pytorch_model.safetensors"))).toBe(true);
  });

  it("stays undownloaded when it is no model that can be drawn with", async () => {
    await hub.close();
    const index = JSON.parse(String(files["model_index.json"])) as Record<string, unknown>;
    const two = JSON.stringify({ ...index, text_encoder_2: ["transformers", "CLIPTextModel"] });
    await serve({ ...files, "model_index.json": Buffer.from(two) });
    await expect(loadPipeline(ID)).rejects.toThrow(/org\/tiny: .*got two text encoders/);
    expect(hub.log.filter((line) => line.startsWith("GET storage"))).toEqual([]);
  });

  it("that is not here is refused offline with the way to get it", async () => {
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    await expect(loadPipeline(ID)).rejects.toThrow(/org\/tiny.*unless HF_HUB_OFFLINE is set/);
  });

  it("that the hub does not know either may have been meant as a folder", async () => {
    await expect(obtainModel("out/modle")).rejects.toThrow(
      /^hub: out\/modle: expected a model of that name, got none, and there is no such folder\. Check/,
    );
  });

  it("gives way to a folder of that name", async () => {
    await mkdir(join(home, "org"));
    await rename(model.folder, join(home, "org", "tiny"));
    const before = process.cwd();
    process.chdir(home);
    try {
      expect(await obtainModel(ID)).toMatch(/org.tiny$/);
    } finally {
      process.chdir(before);
      await rename(join(home, "org", "tiny"), model.folder);
    }
    expect(hub.log).toEqual([]);
  });
});

describe("the files of a model", () => {
  const SMALL = Object.keys({
    ...{ "model_index.json": 0, "unet/config.json": 0, "vae/config.json": 0 },
    ...{ "text_encoder/config.json": 0, "scheduler/scheduler_config.json": 0 },
    ...{ "tokenizer/vocab.json": 0, "tokenizer/merges.txt": 0 },
  });
  const UNET = "unet/diffusion_pytorch_model";
  const OTHERS = ["vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"];
  const chosen = (files: string[], variant?: "fp16") =>
    pipelineFiles([...SMALL, ...OTHERS, ...files], ID, variant).filter((f) => f.startsWith(UNET));

  it("are full weights, or those of half the size when asked for or when there are no others", () => {
    const [full, half] = [`${UNET}.safetensors`, `${UNET}.fp16.safetensors`];
    expect(chosen([full, half, `${UNET}.bin`])).toEqual([full]);
    expect(chosen([full, half], "fp16")).toEqual([half]);
    expect(chosen([full], "fp16")).toEqual([full]);
    expect(chosen([half, `${UNET}.non_ema.safetensors`])).toEqual([half]);
  });

  it("may be shards, with the index that lists them", () => {
    const shards = [1, 2].map((n) => `${UNET}-0000${n}-of-00002.safetensors`);
    const index = `${UNET}.safetensors.index.json`;
    expect(chosen([...shards, index])).toEqual([index, ...shards]);
  });

  it("are refused when they are pickled or missing", () => {
    expect(() => chosen([`${UNET}.bin`])).toThrow(/org\/tiny\/unet.*pickled checkpoint/);
    expect(() => chosen([])).toThrow(
      /expected unet\/diffusion_pytorch_model\.safetensors, got none/,
    );
    expect(() => pipelineFiles(["config.json"], ID)).toThrow(/layout, got none: model_index\.json/);
  });

  it("end with the index, so that what has it is whole", () => {
    expect(pipelineFiles(Object.keys(files), ID).at(-1)).toBe("model_index.json");
  });
});

/** A Python with huggingface_hub in it. */
const PYTHON = process.env["FOLLOWSPOT_PYTHON"];

describe.runIf(PYTHON)("Python's huggingface_hub", () => {
  it("opens what was downloaded here, offline", async () => {
    await obtainModel(ID);
    const script = join(home, "open.py");
    const lines = [
      "from huggingface_hub import scan_cache_dir, snapshot_download, try_to_load_from_cache",
      `print(snapshot_download("${ID}", local_files_only=True))`,
      `print(try_to_load_from_cache("${ID}", "unet/config.json"))`,
      "info = scan_cache_dir()",
      "print(len(info.warnings), [r.repo_id for r in info.repos], [x.commit_hash for r in info.repos for x in r.revisions])",
    ];
    await writeFile(script, lines.join("\n"));
    const env = { PATH: process.env["PATH"], HF_HOME: home, HF_HUB_OFFLINE: "1" };
    const output = execFileSync(PYTHON!, [script], { env, encoding: "utf8" });
    expect(output.trim().split("\n")).toEqual([
      snapshot(),
      join(snapshot(), "unet/config.json"),
      `0 ['${ID}'] ['${COMMIT}']`,
    ]);
  });
});
