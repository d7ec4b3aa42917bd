// Ctrl+C on the command itself: it saves and exits with 0, though npm hands the same signal on once more.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkpointsIn } from "../../src/training/checkpoint.js";
import { writeTinyTeacher } from "./tiny-teacher.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-interrupt-"));
});

afterAll(() => rm(base, { recursive: true, force: true }));

it("a training run saves, says how to go on, and exits with 0", async () => {
  const config = await writeTinyTeacher(base, 100_000);
  const folder = join(base, "run");
  const args = ["train", config, "-o", folder, "--threads", "1"];
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exit = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (line !== "training: 100000 steps") continue;
    await pause(200);
    child.kill("SIGINT");
    await pause(3);
    child.kill("SIGINT");
  }
  expect(await exit, lines.join("\n")).toEqual([0, null]);
  const kept = (await checkpointsIn(folder)).at(-1)!;
  expect(lines.join("\n")).toContain(
    `stopped at step ${kept.completed} of 100000; go on: followspot train --resume ${folder}`,
  );
}, 120_000);
