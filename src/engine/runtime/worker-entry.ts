// The worker's side: opens, runs and releases sessions, one request at a time.

import { parentPort, workerData } from "node:worker_threads";
import type { RawSession } from "./checked-session.js";
import { openModel } from "./node.js";
import { buffersOf, packError } from "./worker-protocol.js";
import type { Reply, Request, RunReply, WorkerData } from "./worker-protocol.js";

const sessions = new Map<number, RawSession>();
const busy = new Int32Array((workerData as WorkerData).busy);

async function serve(request: Request): Promise<RunReply | undefined> {
  switch (request.kind) {
    case "open": {
      const { session, provider, model, options } = request;
      sessions.set(session, await openModel(provider, model, options));
      return undefined;
    }
    case "run": {
      const { session, feeds } = request;
      return { outputs: await sessions.get(session)!.run(feeds, {}), feeds };
    }
    case "release": {
      await sessions.get(request.session)!.release();
      sessions.delete(request.session);
      return undefined;
    }
    default:
      return request satisfies never;
  }
}

async function reply(request: Request): Promise<Reply> {
  try {
    return { ok: true, value: await serve(request) };
  } catch (error) {
    return { ok: false, ...packError(error) };
  }
}

function rest(): void {
  Atomics.store(busy, 0, 0);
  Atomics.notify(busy, 0);
}

process.on("exit", rest);
parentPort!.on("message", (request: Request) => {
  void reply(request).then((answer) => {
    rest();
    const { outputs, feeds } = (answer.ok ? answer.value : undefined) ?? { outputs: {}, feeds: {} };
    parentPort!.postMessage(answer, [...buffersOf(outputs), ...buffersOf(feeds)]);
  });
});
