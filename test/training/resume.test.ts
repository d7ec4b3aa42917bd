// A run that is killed, twice in a row, ends with the very bytes of one that never was.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointsIn } from "../../src/training/checkpoint.js";
import { trainTiny, writeTinyPool, writeTinyRun } from "./tiny.js";

const STEPS = 30;
const CHILD = fileURLToPath(new URL("train-child.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let base: string;
let config: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-resume-"));
  config = await writeTinyRun(base, STEPS);
});

afterAll(() => rm(base, { recursive: true, force: true }));

/** Runs the child; kills it `delay` ms after it finished `steps` more steps. Gives its first and last step. */
async function runChild(
  folder: string,
  kill?: { readonly steps: number; readonly delay: number },
): Promise<{ first: number; last: number; killed: boolean }> {
  const child = spawn(process.execPath, ["--import", "tsx", CHILD, config, folder], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const steps: number[] = [];
  for await (const line of createInterface(child.stdout)) {
    if (line === "done") continue;
    steps.push(Number(line));
    if (kill && steps.length === kill.steps) {
      await pause(kill.delay);
      child.kill("SIGKILL");
    }
  }
  const [, signal] = (await exit) as [number | null, string | null];
  return { first: steps[0]!, last: steps.at(-1)!, killed: signal === "SIGKILL" };
}

const newest = async (folder: string): Promise<string> =>
  (await checkpointsIn(folder)).at(-1)!.name;

describe("a run that is killed", () => {
  it("goes on bit-identically, also the second time", async () => {
    const [unbroken, broken] = [join(base, "unbroken"), join(base, "broken")];
    await writeTinyPool(unbroken);
    await writeTinyPool(broken);
    await trainTiny(config, unbroken);

    const random = (low: number, high: number) => low + Math.floor(Math.random() * (high - low));
    const kills = [0, 1].map(() => ({ steps: random(2, 9), delay: random(0, 40) }));
    const about = JSON.stringify(kills);
    let completed = 0;
    for (const kill of kills) {
      const ran = await runChild(broken, kill);
      expect(ran.killed, about).toBe(true);
      // The step that was lost at most is the one whose checkpoint was being written.
      expect(ran.first, about).toBeLessThanOrEqual(completed + 1);
      expect(ran.first, about).toBeGreaterThanOrEqual(completed);
      completed = ran.last;
    }
    const ran = await runChild(broken);
    expect(ran).toMatchObject({ last: STEPS, killed: false });

    const name = await newest(unbroken);
    expect(await newest(broken)).toBe(name);
    const [expected, actual] = [join(unbroken, name), join(broken, name)];
    // Weights, both moments and the average, with their header.
    expect((await readFile(actual)).equals(await readFile(expected)), about).toBe(true);
    expect((await readdir(broken)).filter((file) => file.endsWith(".tmp"))).toEqual([]);
  }, 300_000);
});
