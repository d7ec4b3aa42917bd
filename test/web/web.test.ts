// `followspot/web` as it is built: nothing of Node in it, and a picture drawn with it in Chromium.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import type { DrawOptions } from "../../src/pipelines/text-to-image-order.js";
import { tinyPipeline } from "../pipelines/tiny-pipeline.js";
import { hasChromium, openPage } from "../runtime/browser/browser.js";
import { buildPackage, bundleWebPage, walkModules } from "./bundle.js";
import type { WebPage } from "./page.js";

declare const followspot: WebPage;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SLOW = 300_000;
const SEED = 7n;
const OPTIONS: DrawOptions = {
  prompt: "a red cube and a blue sphere",
  boxes: [
    { words: "red cube", box: [0, 0, 0.5, 0.5] },
    { words: "blue sphere", box: [0.5, 0.5, 1, 1] },
  ],
  heatmaps: ["cube"],
  steps: 3,
  cfg: 3,
};

const folder = mkdtempSync(join(tmpdir(), "followspot-web-"));
const built = join(folder, "package");
const page = join(folder, "page");

beforeAll(async () => {
  // As in a project that has installed the package and its peer.
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(page);
  await buildPackage(built);
}, SLOW);
afterAll(() => rmSync(folder, { recursive: true }));

describe("the built entry", () => {
  it("imports nothing of Node, and of packages those that run anywhere", () => {
    const { modules, foreign } = walkModules(built, "web.js");
    expect(modules.size).toBeGreaterThan(80);
    expect([...modules.keys()]).toContain("pipelines/text-to-image-web.js");
    expect(foreign).toEqual([
      "@bufbuild/protobuf",
      "@bufbuild/protobuf/codegenv2",
      "onnxruntime-web/wasm",
      "onnxruntime-web/webgpu",
      "zod",
    ]);
    const node = foreign.filter(
      (name) => name.startsWith("node:") || builtinModules.includes(name),
    );
    expect(node).toEqual([]);
  });

  it("names nothing that only Node has, unless it asks first", () => {
    const { modules } = walkModules(built, "web.js");
    const named = [...modules].flatMap(([path, text]) => {
      const code = text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "").replace(/typeof \w+/g, "");
      const found = code.match(/\bprocess\.\w+|\bBuffer\.\w+|\brequire\(|__dirname/g) ?? [];
      return found.map((name) => `${path}: ${name}`);
    });
    expect(named).toEqual([]);
  });

  it("would be caught importing Node through a module far down", () => {
    const { foreign } = walkModules(fileURLToPath(new URL("fixture", import.meta.url)), "door.js");
    expect(foreign).toEqual(["node:fs", "node:path"]);
  });
});

describe("package.json", () => {
  it("offers the entry, and leaves onnxruntime-web to those who need it", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      exports: Record<string, unknown>;
      peerDependenciesMeta: Record<string, unknown>;
    };
    expect(manifest.exports["./web"]).toEqual({
      types: "./dist/web.d.ts",
      default: "./dist/web.js",
    });
    expect(manifest.peerDependenciesMeta["onnxruntime-web"]).toEqual({ optional: true });
  });
});

describe.runIf(hasChromium())("in Chromium", () => {
  let model: Awaited<ReturnType<typeof tinyPipeline>>;
  let tab: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    model = await tinyPipeline();
    await bundleWebPage(page, built);
    // A student beside its teacher: what it leaves out lies there.
    const student = join(folder, "student");
    mkdirSync(student);
    for (const part of ["model_index.json", "unet", "scheduler"]) {
      cpSync(join(model.folder, part), join(student, part), { recursive: true });
    }
    writeFileSync(join(student, "followspot.json"), '{ "parts_of": "model" }');
    ({ page: tab, close } = await openPage(page, { model: model.folder, student }));
  }, SLOW);
  afterAll(async () => {
    await close();
    model.remove();
  }, SLOW);

  it("draws from a model at an address what Node draws from its folder", async () => {
    const pipe = await loadPipeline(model.folder, { threads: 1 });
    const [expected] = await pipe.pictures({ ...OPTIONS, seed: SEED });
    await pipe.close();
    const load = { wasmPaths: "/ort/", threads: 1 };
    const drawn = await tab.evaluate((args) => followspot.draw(...args), [
      "/model/",
      load,
      OPTIONS,
      String(SEED),
    ] as const);
    expect(drawn.steps).toEqual([1, 2, 3]);
    expect(drawn.size).toEqual([expected!.picture.width, expected!.picture.height]);
    const { data } = expected!.picture;
    expect(new Set(data).size).toBeGreaterThan(20);
    const worst = data.reduce((most, v, i) => Math.max(most, Math.abs(v - drawn.pixels[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(1);
    expected!.boxes.forEach(({ attentionShare }, i) =>
      expect(drawn.attentionShares[i]).toBeCloseTo(attentionShare, 4),
    );
    expect(drawn.heatmaps).toBe(1);
    expect(drawn.files).toContain("unet/diffusion_pytorch_model.safetensors");
  }, 120_000);

  it("draws from a student at an address, with its teacher's parts from beside it", async () => {
    const load = { wasmPaths: "/ort/", threads: 1 };
    const draw = (address: string) =>
      tab.evaluate((args) => followspot.draw(...args), [
        address,
        load,
        OPTIONS,
        String(SEED),
      ] as const);
    const [whole, shared] = [await draw("/model/"), await draw("/student/")];
    expect(shared.pixels).toEqual(whole.pixels);
    expect(shared.files).toEqual([...whole.files, "followspot.json"].sort());
  }, 120_000);

  it("says what is missing at an address", async () => {
    const message = await tab.evaluate((address) => followspot.refusal(address), "/nothing");
    expect(message).toMatch(/^model: http:.*\/nothing\/model_index\.json: .*status 404/);
  });

  it("offers the engine: a gradient, built and run in the page", async () => {
    const values = [1, -2, 0.5];
    const result = await tab.evaluate((args) => followspot.differentiate(...args), [
      values,
      "/ort/",
    ] as const);
    expect(result).toEqual(values.map((value) => 2 * value));
  });
});
