// A process of its own for worker.test.ts: opens a session in a worker and leaves as its argument says.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { endAtOnce, exitWith, interruptSignal } from "../../src/cli/interrupt.js";
import { zeros } from "../../src/core/tensor.js";
import { workerRuntime } from "../../src/engine/runtime/worker.js";
import { SIDE, longGraph } from "./long-graph.js";

/** Lets the worker answer before the posting of its message has returned. */
function returnLate(): void {
  const { prototype } = Worker;
  const post = Reflect.get(prototype, "postMessage") as (this: Worker, ...given: unknown[]) => void;
  prototype.postMessage = function (...message) {
    post.apply(this, message);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  };
}

const way = process.argv[2] ?? "";
if (way === "finish first") returnLate();
// Runs that are left under way must be far longer than what leaves them.
const CUT_SHORT = ["exit in a run", "abandon", "interrupt thrice", "interrupted exit"];
const runtime = workerRuntime();
const session = await runtime.compile(longGraph(CUT_SHORT.includes(way) ? 60 : 1));
const x = zeros("float32", [SIDE, SIDE]);

switch (way) {
  case "release":
    await session.run({ x });
    await session.release();
    break;
  case "forget":
    await session.run({ x });
    break;
  case "finish first":
    await session.run({ x });
    break;
  case "refuse a message": {
    const threads = (() => 1) as unknown as number; // Functions cannot be sent.
    await runtime
      .compile(longGraph(1), { threads })
      .catch((error: Error) => console.log(error.name));
    break;
  }
  case "exit in a run":
    void session.run({ x });
    setTimeout(() => process.exit(3), 50);
    break;
  case "abandon": {
    const signal = AbortSignal.timeout(20);
    await session.run({ x }, {}, signal).catch((error: Error) => console.log(error.name));
    break;
  }
  case "interrupt thrice":
    interruptSignal({
      on: (event, listener) => process.on(event, listener),
      end: () => endAtOnce(),
    });
    void session.run({ x });
    for (let count = 0; count < 3; count++) {
      const heard = once(process, "SIGINT");
      process.kill(process.pid, "SIGINT");
      await heard;
    }
    break;
  case "interrupted exit":
    interruptSignal({ on: (event, listener) => process.on(event, listener), end: () => undefined });
    void session.run({ x });
    process.prependListener("exit", () => process.kill(process.pid, "SIGINT"));
    exitWith(130);
    break;
  default:
    throw new Error(`worker-script: unknown way ${way}`);
}
console.log("end of script");
