// The largest memory that a training takes, measured in a process of its own: run as a program, it is that process.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { nodeRuntime } from "../src/engine/runtime/node.js";
import { readStage, REFERENCE } from "./nets.js";
import { trainingWork } from "./work.js";

const STEPS = 3;

/** Peak resident bytes of a process that trains the named network for a few steps. */
export async function trainingMemory(
  net: "reference" | "stage",
  batch: number,
  threads: number,
): Promise<number> {
  const program = [...process.execArgv, fileURLToPath(import.meta.url)];
  const args = [...program, net, String(batch), String(threads)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}

async function main([name, batch, threads]: readonly string[]): Promise<void> {
  const net = name === "stage" ? readStage().net : REFERENCE;
  const options = { name: "training", batch: Number(batch), threads: Number(threads) };
  const work = await trainingWork(nodeRuntime(), net, options);
  for (let i = 0; i < STEPS; i++) await work.run();
  await work.release();
  // Linux and Node count in KiB.
  console.log(process.resourceUsage().maxRSS * 1024);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
