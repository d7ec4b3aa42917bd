// The thread's side: one set, whose batches are made one after another in the order in which they are needed.

import { parentPort, workerData } from "node:worker_threads";

import type { PictureBatch, PictureDataset } from "./dataset.js";
import { openDataset } from "./open-dataset.js";
import type { Answer, Close, Facts, Request, ThreadData } from "./thread-protocol.js";
import { tellError } from "./told-error.js";

const port = parentPort!;
const finished = new Int32Array((workerData as ThreadData).finished);
const stop = new AbortController();
let data: PictureDataset | undefined;
let last: Promise<void> = Promise.resolve();

function factsOf(set: PictureDataset): Facts {
  const { count, size, channels, digest, resizing, classes } = set;
  const names = Array.from({ length: count }, (_, i) => set.nameOf(i));
  return { count, size, channels, digest, resizing, names, ...(classes ? { classes } : {}) };
}

async function serve(request: Request): Promise<Facts | PictureBatch> {
  switch (request.kind) {
    case "open": {
      const { path, options } = request;
      data = await openDataset(path, { ...options, signal: stop.signal });
      return factsOf(data);
    }
    case "pictures":
      return data!.pictures(request.indices);
    default:
      return request satisfies never;
  }
}

async function answer(request: Request): Promise<void> {
  try {
    const value = await serve(request);
    send({ ok: true, value });
    if (request.kind === "open") return;
    Atomics.add(finished, 0, request.indices.length);
    Atomics.notify(finished, 0);
  } catch (error) {
    send({ ok: false, told: tellError(error) });
  }
}

/** Pictures move, they are not copied. */
function send(told: Answer): void {
  const parts = told.ok && "pixels" in told.value ? Object.values(told.value) : [];
  port.postMessage(
    told,
    parts.map(({ buffer }: Uint8Array | Int32Array) => buffer as ArrayBuffer),
  );
}

/** The thread ends by itself when the pictures under way are done: sharp's work must not lose its thread. */
async function close(): Promise<void> {
  port.close();
  stop.abort();
  if (!data) await last;
  await data?.close();
}

port.on("message", (request: Request | Close) => {
  if (request.kind === "close") void close();
  else last = last.then(() => answer(request));
});
