// A run that is killed, twice in a row or twenty times, ends with the very bytes of one that never was.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointsIn } from "../../src/training/checkpoint.js";
import { writeTinyDistillation, writeTinyTeacher } from "./tiny-teacher.js";
import { trainTiny, writeTinyPool, writeTinyRun } from "./tiny.js";

const CHILD = fileURLToPath(new URL("train-child.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Kind {
  readonly kind: string;
  readonly write: (base: string, steps: number) => Promise<string>;
  /** Puts into a run's folder what need not be made. */
  readonly prepare: (folder: string) => Promise<void>;
  readonly steps: number;
  readonly kills: number;
  /** Most steps between two kills. */
  readonly most: number;
}

const KINDS: Kind[] = [
  {
    ...{ kind: "text-to-image", write: writeTinyRun, prepare: writeTinyPool },
    ...{ steps: 30, kills: 2, most: 8 },
  },
  {
    ...{ kind: "teacher", write: writeTinyTeacher, prepare: () => Promise.resolve() },
    // On an idle machine a dozen steps pass before a kill comes: the run must not be over before the last one.
    ...{ steps: 320, kills: 20, most: 4 },
  },
  {
    // Students of 4, 2 and 1 steps: kills meet the ends of rounds and the folders that are written there.
    ...{ kind: "distillation", write: writeTinyDistillation, prepare: () => Promise.resolve() },
    ...{ steps: 180, kills: 8, most: 6 },
  },
];

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-resume-"));
});

afterAll(() => rm(base, { recursive: true, force: true }));

/** Runs the child; kills it `delay` ms after it finished `steps` more steps. Gives its first and last step. */
async function runChild(
  config: string,
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

/** What a finished run holds: newest checkpoints, of each round where there are rounds, and files of students. */
async function endsOf(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  const places = ["", ...files.filter((file) => /^round-\d+$/.test(file))];
  const newest = await Promise.all(
    places.map(async (place) =>
      (await checkpointsIn(join(folder, place))).slice(-1).map(({ name }) => join(place, name)),
    ),
  );
  const students = files.filter((file) => /^students.*\.(json|safetensors)$/.test(file));
  return [...newest.flat(), ...students].sort();
}

describe.each(KINDS)("a run of $kind that is killed $kills times", (its) => {
  it("goes on bit-identically every time", async () => {
    const place = join(base, its.kind);
    await mkdir(place);
    const config = await its.write(place, its.steps);
    const [unbroken, broken] = [join(place, "unbroken"), join(place, "broken")];
    await its.prepare(unbroken);
    await its.prepare(broken);
    await trainTiny(config, unbroken);

    const random = (low: number, high: number) => low + Math.floor(Math.random() * (high - low));
    const kills = Array.from({ length: its.kills }, () => {
      return { steps: random(1, its.most + 1), delay: random(0, 40) };
    });
    const about = JSON.stringify(kills);
    let completed = 0;
    for (const kill of kills) {
      const ran = await runChild(config, broken, kill);
      expect(ran.killed, about).toBe(true);
      // The step that was lost at most is the one whose checkpoint was being written.
      expect(ran.first, about).toBeLessThanOrEqual(completed + 1);
      expect(ran.first, about).toBeGreaterThanOrEqual(completed);
      completed = ran.last;
    }
    const ran = await runChild(config, broken);
    expect(ran).toMatchObject({ last: its.steps, killed: false });

    const ends = await endsOf(unbroken);
    expect(ends.length).toBeGreaterThan(0);
    expect(await endsOf(broken), about).toEqual(ends);
    for (const name of ends) {
      // Checkpoints are weights, both moments and the average, with their header.
      const [expected, actual] = [join(unbroken, name), join(broken, name)];
      expect((await readFile(actual)).equals(await readFile(expected)), `${name} ${about}`).toBe(
        true,
      );
    }
    const all = await readdir(broken, { recursive: true });
    expect(all.filter((file) => file.endsWith(".tmp"))).toEqual([]);
  }, 900_000);
});
