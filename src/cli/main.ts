#!/usr/bin/env node
// The followspot command: this process's streams, signals and exit code around one run.
import { randomBytes } from "node:crypto";
import { endAtOnce, exitWith, interruptSignal } from "./interrupt.js";
import { services } from "./load-services.js";
import { run } from "./run.js";

// `followspot ... | head` closes the pipe early, which is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EIO") return;
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

// Nobody reads what is told any more: the work goes on.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
});

const code = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  services,
  signal: interruptSignal({
    on: (event, listener) => process.on(event, listener),
    end: () => endAtOnce(),
  }),
  // Of 32 bits, so that it is the seed that the generator uses, whole.
  randomSeed: () => BigInt(randomBytes(4).readUInt32LE()),
});

// Sessions live in worker threads, which would keep the process alive; what is written must arrive first.
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => stream.write("", () => resolve())),
  ),
);
exitWith(code);
