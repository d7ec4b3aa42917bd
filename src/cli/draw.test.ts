import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FollowspotError } from "../core/errors.js";
import type { DrawService } from "../pipelines/draw-request.js";
import { fakeDrawing, runWith } from "./test-context.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "followspot-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const prompt = "a red cube above a blue sphere";
const cube = "--box=red cube=0.3,0.05,0.7,0.45";
const at = (name: string) => join(folder, name);
const drawing = (change: Partial<DrawService>) => ({
  services: { drawing: () => Promise.resolve({ ...fakeDrawing, ...change }) },
});

describe("draw", () => {
  it("writes the picture, its path on stdout and all else on stderr", async () => {
    const ran = await runWith(["draw", prompt, cube, "-o", at("scene.png")]);
    expect(ran).toMatchObject({ code: 0, stdout: `${at("scene.png")}\n` });
    expect(ran.stderr).toContain("red cube: tokens 2 red cube; 70 % of its attention in the box");
    expect(ran.stderr).toContain("in its box (IoU 0.63)");
    expect(readFileSync(at("scene.png"), "utf8")).toBe("picture of seed 4242");
  });

  it("tells a seed that it drew by lot, and no other", async () => {
    const told = async (...flags: string[]) =>
      (await runWith(["draw", prompt, "-o", at("scene.png"), ...flags])).stderr;
    expect(await told()).toMatch(/^seed 4242\n$/m);
    expect(await told("--seed", "7")).not.toContain("seed 7");
  });

  it("says that a box was not directed instead of a share of nothing", async () => {
    const change = drawing({
      async *drawPictures(...given) {
        for await (const picture of fakeDrawing.drawPictures(...given)) {
          const boxes = picture.boxes.map((box) => {
            return { ...box, attentionShare: 0, stepsInRange: 0 };
          });
          yield { ...picture, boxes };
        }
      },
    });
    const ran = await runWith(["draw", prompt, cube, "-o", at("scene.png")], change);
    expect(ran.stderr).toContain("red cube; not directed, since no step lay in its range; in its");
    expect(ran.stderr).not.toContain("0 %");
  });

  it("prints one JSON object for a picture and keeps quiet when told so", async () => {
    const flags = ["--json", "--quiet", "--seed", "24839640268232521", "-o", at("scene.png")];
    const ran = await runWith(["draw", prompt, cube, ...flags]);
    const object = JSON.parse(ran.stdout) as Record<string, unknown>;
    expect(object).toMatchObject({
      file: at("scene.png"),
      seed: "24839640268232521",
      recipe: { prompt, seed: "24839640268232521", method: { name: "direct" } },
      boxes: [{ words: "red cube", attentionShare: 0.7, placement: { iou: 0.625 } }],
      milliseconds: { sample: 12 },
    });
    expect(ran.stdout.trim().split("\n")).toHaveLength(1);
    expect(ran.stderr).toBe("");
  });

  it("puts the seed into the names of several, and the role into those of companions", async () => {
    const flags = ["--seeds", "1,4-5", "--compare", "--overlay", "--heatmap", "Cube"];
    const ran = await runWith(["draw", prompt, cube, ...flags, "-o", at("a.png")]);
    expect(ran.code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(
      [1, 4, 5].flatMap((seed) =>
        [".compare.png", ".heatmap-cube.png", ".overlay.png", ".png"].map(
          (end) => `a-${seed}${end}`,
        ),
      ),
    );
    expect(readFileSync(at("a-4.compare.png"), "utf8")).toBe("compare of seed 4");
  });

  it("names files for prompt and seed in a folder, never over another", async () => {
    for (let round = 0; round < 2; round += 1) {
      await runWith(["draw", "A cat, asleep!", "--seed", "7", "-o", `${folder}/`]);
    }
    expect(readdirSync(folder).sort()).toEqual(["a-cat-asleep-7-2.png", "a-cat-asleep-7.png"]);
  });

  it("starts from a recipe, which flags override", async () => {
    const dry = await runWith(["draw", prompt, cube, "--seed", "9", "--steps", "7", "--dry-run"]);
    writeFileSync(at("recipe.json"), dry.stdout);
    const from = ["draw", "--from", at("recipe.json"), "--dry-run"];
    expect((await runWith(from)).stdout).toBe(dry.stdout);
    const changed = JSON.parse((await runWith([...from, "--seed", "8"])).stdout) as object;
    expect(changed).toEqual({ ...(JSON.parse(dry.stdout) as object), seed: "8" });
  });

  it("tells recipe, tokens and cost on a dry run, and draws nothing", async () => {
    const seed = (2n ** 40n + 3n).toString();
    const flags = ["--seed", seed, "--dry-run", "--compare", "-o", at("scene.png")];
    const ran = await runWith(["draw", prompt, cube, ...flags]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ prompt, steps: 20, seed });
    expect(ran.stderr).toContain("red cube: tokens 2 red cube");
    expect(ran.stderr).toContain("cost: 80 network evaluations for 1 picture(s)");
    expect(readdirSync(folder)).toEqual([]);
    const json = await runWith(["draw", prompt, cube, ...flags, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ cost: { pictures: 1, forward: 80 } });
  });
});

describe("what goes wrong", () => {
  it.each([
    [["draw"], /expected a prompt/],
    [["draw", " "], /expected a prompt/],
    [["draw", prompt, "--box", "red cube=1,2"], /four numbers/],
    [["draw", prompt, "--box", "red cube=0,0,0.05,1"], /at least one attention cell/],
    [["draw", prompt, cube, cube], /two for "red cube"/],
    [["draw", prompt, "--method", "magic"], /expected one of direct, dd, dd-v1, none, got "magic"/],
    [["draw", prompt, "--sampler", "plms"], /expected one of ddim, euler/],
    [["draw", prompt, "--steps", "0"], /--steps: expected a whole number from 1 to 1000, got "0"/],
    [["draw", prompt, "--cfg", "-1"], /--cfg: expected a number from 0 to 50/],
    [["draw", prompt, "--seed", "-1"], /--seed: expected a whole number/],
    [["draw", prompt, "--seed", "1", "--seeds", "2"], /cannot be used with/],
    [["draw", prompt, "--boxes", "x"], /unknown option '--boxes'.*Allowed: --box, --model/],
    [["draw", prompt, "-o", "scene.jpg"], /ends in \.png/],
    [["draw", prompt, "-o", "package.json/scene.png"], /expected a folder, got "package.json"/],
    [["draw", "a", "red", "cube"], /too many arguments.*got 3\. Put the prompt in quotes\.$/m],
    [["inspect", "stage", "more"], /got 2\.$/m],
    [["draw", "--from", "nowhere.png"], /recipe: nowhere.png: no such file/],
    [["draw", "--from", "package.json"], /version: expected 1/],
    [["paint"], /unknown command 'paint'.*Allowed: draw, inspect, train, sample, evaluate, demo/],
    [["evaluate", "beauty"], /unknown command 'beauty'.*Allowed: placement/],
  ])("%j is refused in one line with exit code 2", async (argv, message) => {
    const { code, stdout, stderr } = await runWith(argv);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("leaves no file when drawing fails, and shows no stack of a person's mistake", async () => {
    const change = drawing({
      // eslint-disable-next-line require-yield -- it fails before the first picture
      async *drawPictures() {
        throw new FollowspotError("box: no such words.");
      },
    });
    const ran = await runWith(["draw", prompt, "-o", at("scene.png")], change);
    expect(ran).toEqual({ code: 2, stdout: "", stderr: "error: box: no such words.\n" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("exits 1 on a fault of its own, with the stack under DEBUG only", async () => {
    const change = drawing({ describeModel: () => Promise.reject(new TypeError("x is null")) });
    const plain = await runWith(["draw", prompt], change);
    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain("error: x is null\n");
    expect(plain.stderr).not.toContain("    at ");
    const debug = await runWith(["draw", prompt], { ...change, env: { DEBUG: "1" } });
    expect(debug.stderr).toContain("    at ");
  });

  it("writes errors on one line without control characters, which a file's text may bear", async () => {
    const message = 'recipe: unknown key "\x1b[2J\n\x07".';
    const change = drawing({ describeModel: () => Promise.reject(new FollowspotError(message)) });
    const ran = await runWith(["draw", prompt], { ...change, env: { DEBUG: "1" } });
    expect(ran.stderr).toMatch(/^error: recipe: unknown key " \[2J "\.\n/);
    expect(ran.stderr.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  it("shows under DEBUG what an error was caused by", async () => {
    const cause = new Error("the kernel said no");
    const change = drawing({
      describeModel: () => Promise.reject(new FollowspotError("model: damaged.", { cause })),
    });
    const ran = await runWith(["draw", prompt], { ...change, env: { DEBUG: "1" } });
    expect(ran.stderr).toContain("Error: the kernel said no\n");
  });

  it("exits 130 when interrupted and keeps the pictures that were finished", async () => {
    const controller = new AbortController();
    const change = drawing({
      async *drawPictures(request, reporter, signal) {
        for await (const picture of fakeDrawing.drawPictures(request, reporter, signal)) {
          yield picture;
          controller.abort();
        }
      },
    });
    const argv = ["draw", prompt, "--seeds", "1-3", "-o", at("a.png")];
    const ran = await runWith(argv, { ...change, signal: controller.signal });
    expect(ran).toMatchObject({ code: 130, stdout: `${at("a-1.png")}\n` });
    expect(ran.stderr).toContain("stopping after this step; Ctrl+C again ends it at once\n");
    expect(ran.stderr).toMatch(/interrupted\n$/);
    expect(readdirSync(folder)).toEqual(["a-1.png"]);
  });

  it("exits 0 after help and version, 2 after a bare call", async () => {
    const help = await runWith(["draw", "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("--box <words=box>");
    expect(await runWith(["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
    const bare = await runWith([]);
    expect(bare).toMatchObject({ code: 2, stdout: "" });
    expect(bare.stderr).toContain("Usage: followspot");
  });
});

it("demo draws the cube above the sphere and a copy with the boxes", async () => {
  const ran = await runWith(["demo", "-o", at("demo.png")]);
  expect(ran.stdout).toBe(`${at("demo.png")}\n${at("demo.overlay.png")}\n`);
  expect(ran.stderr).toContain("blue sphere: tokens");
  expect(existsSync(at("demo.overlay.png"))).toBe(true);
});
