// The training service whole: runs in numbered folders, interrupted, gone on with, and refused.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runWith } from "../../src/cli/test-context.js";
import { decodeImage } from "../../src/io/image.js";
import { resolveTraining, train } from "../../src/pipelines/train.js";
import type { TrainRequest } from "../../src/pipelines/train-request.js";
import { checkpointsIn } from "../../src/training/checkpoint.js";
import type { LoopReport } from "../../src/training/loop.js";
import { writeTinyRun } from "./tiny.js";

const STEPS = 6;
const FIRST = join("runs", "00001-tiny");
const SECOND = join("runs", "00002-tiny");

let base: string;
let config: string;
const origin = process.cwd();

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-service-"));
  config = await writeTinyRun(base, STEPS);
  process.chdir(base);
});

afterAll(async () => {
  process.chdir(origin);
  await rm(base, { recursive: true, force: true });
});

interface Told {
  notes: string[];
  starts: [total: number, label: string][];
  steps: [done: number, note: string | undefined][];
}

/** Trains on one thread; `interruptAt` aborts when that many steps of this process are done. */
async function runService(request: Partial<TrainRequest>, interruptAt?: number) {
  const told: Told = { notes: [], starts: [], steps: [] };
  const controller = new AbortController();
  const reporter = {
    start: (total: number, label: string) => void told.starts.push([total, label]),
    step: (done: number, note?: string) => {
      told.steps.push([done, note]);
      const isTraining = told.starts.at(-1)![1].startsWith("training");
      if (isTraining && done === interruptAt) controller.abort();
    },
    note: (line: string) => void told.notes.push(line),
    finish: () => undefined,
  };
  const whole: TrainRequest = { config, overrides: {}, threads: 1, ...request };
  return { told, result: await train(whole, reporter, controller.signal) };
}

const json = async (path: string) =>
  JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
const weightsOf = (run: string) =>
  readFile(join(run, "model", "unet", "diffusion_pytorch_model.safetensors"));

/** A process that lives until it is killed. */
const sleeper = () => spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"]);

it("leaves no folder behind where a new run's pictures are not there", async () => {
  const overrides = { "data.path": "nowhere" };
  await expect(runService({ config: "mnist-teacher", overrides })).rejects.toThrow(
    /data\.path: expected a file or folder of pictures, got nowhere, which is not there/,
  );
  const named = await readdir("runs").catch(() => []);
  expect(named.filter((name) => name.includes("mnist-teacher"))).toEqual([]);
  const known = await resolveTraining({ config: "mnist-teacher", overrides });
  expect(known).toMatchObject({
    config: { data: { path: "nowhere" } },
    remarks: [expect.stringMatching(/^warning: data\.path: .*got nowhere, which is not there$/)],
  });
});

describe("a run", () => {
  it("has a numbered folder with all that belongs to it", async () => {
    const { told, result } = await runService({});
    expect(result).toEqual({
      folder: FIRST,
      steps: STEPS,
      unfinished: false,
      model: join(FIRST, "model"),
    });
    expect(await json(join(FIRST, "config.json"))).toMatchObject({
      kind: "text-to-image",
      seed: 3,
    });
    expect(await json(join(FIRST, "run.json"))).toMatchObject({ name: "tiny", threads: 1 });
    const lines = (await readFile(join(FIRST, "stats.jsonl"), "utf8")).trim().split("\n");
    expect((JSON.parse(lines.at(-1)!) as LoopReport).step).toBe(STEPS);
    const sheet = await decodeImage(join(FIRST, "samples-00000006.png"));
    expect(sheet.width).toBeGreaterThan(32);
    const log = await readFile(join(FIRST, "log.txt"), "utf8");
    expect(log).toMatch(/Z run: .*00001-tiny\n/);
    expect(log).toMatch(/Z step 6: loss \d.*gradientNorm \d.* pictures\/s/);
    expect(told.starts.at(-1)).toEqual([STEPS, "training"]);
    expect(told.steps.at(-1)).toEqual([
      STEPS,
      expect.stringMatching(/^loss \d\.\d{4}, \d+\.\d pictures\/s$/),
    ]);
    expect(told.notes.at(-1)).toBe(`model: ${join(FIRST, "model")}`);
    expect((await readdir(join(FIRST, "model"))).sort()).toEqual([
      "model_index.json",
      "scheduler",
      "text_encoder",
      "tokenizer",
      "unet",
      "vae",
      "words.json",
    ]);
  });

  it("is stopped, gone on with twice, and ends with the bytes of one that never was", async () => {
    const first = await runService({}, 2);
    expect(first.result).toEqual({ folder: SECOND, steps: 2, unfinished: true });
    // Nor does an interrupt leave a lock.
    expect(await readdir(SECOND)).not.toContain("train.lock");
    expect(first.told.notes.at(-1)).toBe(
      `stopped at step 2 of ${STEPS}; go on: followspot train --resume ${SECOND}`,
    );
    const second = await runService({ resume: "latest" }, 2);
    expect(second.result).toMatchObject({ folder: SECOND, steps: 4, unfinished: true });
    expect(second.told.starts.at(-1)).toEqual([4, "training on from step 2"]);
    const third = await runService({ resume: SECOND });
    expect(third.result).toMatchObject({ steps: STEPS, unfinished: false });
    expect((await weightsOf(SECOND)).equals(await weightsOf(FIRST))).toBe(true);
    const name = "checkpoint-00000006.safetensors";
    const [one, two] = await Promise.all([FIRST, SECOND].map((run) => readFile(join(run, name))));
    expect(two!.equals(one!)).toBe(true);
  });

  it("stops when its time is over", async () => {
    const { result } = await runService({ minutes: 1e-6 });
    expect(result).toMatchObject({ steps: 0, unfinished: true });
  });

  it("takes no folder in use", async () => {
    await expect(runService({ folder: FIRST })).rejects.toThrow(/in use.*--resume/);
  });
});

describe("the command", () => {
  const services = { training: () => import("../../src/pipelines/train.js") };

  it("exits 0 when it is interrupted, since nothing is lost", async () => {
    const controller = new AbortController();
    controller.abort();
    const argv = ["train", config, "-o", "stopped", "--threads", "1", "--json"];
    const { code, stdout } = await runWith(argv, { services, signal: controller.signal });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ folder: "stopped", unfinished: true });
  });

  it("exits 2 and makes no folder when the configuration is wrong", async () => {
    const argv = ["train", config, "-o", "wrong", "--set", "batch=0"];
    const { code, stderr } = await runWith(argv, { services });
    expect(code).toBe(2);
    expect(stderr).toMatch(/config: batch/);
    expect(await readdir(base)).not.toContain("wrong");
  });
});

describe("resolveTraining", () => {
  it("gives the whole configuration with its overrides", async () => {
    const overrides = { "learning_rate.peak": 0.5, "unet.norm_num_groups": 4 };
    const resolved = await resolveTraining({ config, overrides });
    expect(resolved.remarks).toEqual([]);
    expect(resolved.config).toMatchObject({
      learning_rate: { peak: 0.5, floor: 0.001 },
      unet: { norm_num_groups: 4, act_fn: "silu" },
    });
  });

  it("checks what the shipped configuration refers to, from any folder", async () => {
    const resolved = await resolveTraining({ config: "stage", overrides: {} });
    expect(resolved.config).toMatchObject({ kind: "text-to-image", size: 96 });
    const overrides = { "text_encoder.hidden_size": 96 };
    await expect(resolveTraining({ config: "stage", overrides })).rejects.toThrow(
      /unet.cross_attention_dim: expected 96/,
    );
  });
});

describe("going on", () => {
  it("is refused where there is nothing to go on with", async () => {
    await expect(runService({ config: "stage", resume: "latest" })).rejects.toThrow(
      /expected a run of stage, got none.*00001-tiny, 00002-tiny/,
    );
    await expect(runService({ resume: "nowhere" })).rejects.toThrow(/got nowhere/);
    const overrides = {};
    await expect(
      runService({ config: "stage-autoencoder", resume: FIRST, overrides }),
    ).rejects.toThrow(/expected a run of stage-autoencoder, got one of tiny/);
  });

  it("takes other steps and rates, said aloud, and nothing that the weights depend on", async () => {
    const overrides = { steps: STEPS + 1, "learning_rate.peak": 0.02 };
    const { told, result } = await runService({ resume: SECOND, overrides });
    expect(result.steps).toBe(STEPS + 1);
    expect(told.notes).toContain("changed: steps is 7");
    // Once more: the configuration that the checkpoint bears now is the changed one.
    expect((await runService({ resume: SECOND })).result.steps).toBe(STEPS + 1);
    await expect(runService({ resume: SECOND, overrides: { steps: 5 } })).rejects.toThrow(
      /resume: steps: expected at least the 7 that .*00002-tiny has taken, got 5. Leave/,
    );
    await expect(runService({ resume: SECOND, overrides: { batch: 5 } })).rejects.toThrow(
      /expected changes of steps, .* only, got one of batch/,
    );
  });

  it("passes over a run that was killed at its birth, and says so", async () => {
    const born = join("runs", "00099-tiny");
    await mkdir(born);
    const { told, result } = await runService({ resume: "latest" }, 1);
    await rm(born, { recursive: true });
    expect(result.folder).not.toBe(born);
    expect(told.notes).toContain(`warning: ${born} holds no run, and is passed over`);
  });

  it("is refused while another process trains there, and takes over what a killed one left", async () => {
    const lock = join(SECOND, "train.lock");
    const [facts, other] = [join(SECOND, "run.json"), sleeper()];
    await writeFile(lock, `${other.pid!}\n`);
    const before = await readFile(facts);
    const threads = 2;
    await expect(runService({ resume: SECOND, threads })).rejects.toThrow(
      new RegExp(`expected a run that nobody trains, got one that process ${other.pid!} trains`),
    );
    expect((await readFile(facts)).equals(before)).toBe(true);
    other.kill("SIGKILL");
    await once(other, "exit");
    expect((await runService({ resume: SECOND })).result).toMatchObject({ folder: SECOND });
    expect(await readdir(SECOND)).not.toContain("train.lock");
  });

  it("goes on without a log or statistics when the system refuses them, and says so once", async () => {
    const files = ["log.txt", "stats.jsonl"].map((name) => join(FIRST, name));
    for (const file of files) {
      await rm(file);
      await mkdir(file);
    }
    const { told, result } = await runService({
      resume: FIRST,
      overrides: { steps: STEPS + 1 },
    });
    for (const file of files) await rm(file, { recursive: true });
    expect(result).toMatchObject({ steps: STEPS + 1, unfinished: false });
    const warnings = told.notes.filter((note) => note.startsWith("warning"));
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/^warning: log: write: .*log.txt: it is a folder.*told once/);
    expect(warnings[1]).toMatch(/^warning: statistics: write: .*stats.jsonl: it is a folder/);
  });

  it("goes on when a sample sheet cannot be written", async () => {
    await mkdir(join(FIRST, "samples-00000008.png"));
    const { told, result } = await runService({
      resume: FIRST,
      overrides: { steps: STEPS + 2 },
    });
    expect(result).toMatchObject({ steps: STEPS + 2, unfinished: false });
    expect(told.notes.join("\n")).toMatch(
      /warning: sample sheet: write: .*samples-00000008.png: .*folder. Training goes on/,
    );
  });

  it("is refused with a damaged checkpoint, which stays", async () => {
    const before = await checkpointsIn(SECOND);
    await truncate(join(SECOND, before.at(-1)!.name), 1000);
    await expect(runService({ resume: SECOND })).rejects.toThrow(
      /checkpoint-00000007.safetensors is damaged.*Delete it to go on from checkpoint-00000006/,
    );
    expect(await checkpointsIn(SECOND)).toEqual(before);
    await rm(join(SECOND, before.at(-1)!.name));
    expect((await runService({ resume: SECOND })).result).toMatchObject({ unfinished: false });
  });

  it("says aloud when there is no checkpoint", async () => {
    for (const { name } of await checkpointsIn(FIRST)) await rm(join(FIRST, name));
    const { told } = await runService({ resume: FIRST }, 1);
    expect(told.notes).toContain(
      `warning: ${FIRST} has no checkpoint to go on from: training starts from the first step`,
    );
  });
});
