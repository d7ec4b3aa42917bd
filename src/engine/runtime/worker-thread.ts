// A Node worker thread that serves one request after another, and lets the process end when it has none.

import { Worker } from "node:worker_threads";
import type { TransferListItem } from "node:worker_threads";
import { Turns } from "./turns.js";
import { unpackError } from "./worker-protocol.js";
import type { Reply, Request, RunReply, WorkerData } from "./worker-protocol.js";
import { workerScript } from "./worker-script.js";

interface Pending {
  readonly resolve: (value: RunReply | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/** A request and the buffers that move with it. */
export interface Parcel {
  readonly request: Request;
  readonly transfer?: readonly ArrayBuffer[];
}

function startWorker(workerData: WorkerData): Worker {
  return new Worker(workerScript(import.meta.url), { workerData });
}

/**
 * A worker thread. It is never ended while it serves a request: onnxruntime-node takes the whole process
 * down when its thread ends inside a run, so leaving the process waits for the run under way.
 */
export class WorkerThread {
  private readonly busy = new Int32Array(new SharedArrayBuffer(4));
  private readonly worker = startWorker({ busy: this.busy.buffer });
  private readonly waitUntilIdle = (): void => void Atomics.wait(this.busy, 0, 1);
  private readonly turns = new Turns();
  private pending: Pending | undefined;
  private ended: Error | undefined;

  constructor() {
    this.worker.on("message", (reply: Reply) => this.settle(reply));
    this.worker.on("error", (cause) => this.end(cause));
    this.worker.on("exit", () => this.end(undefined));
    this.worker.unref();
    process.on("exit", this.waitUntilIdle);
  }

  /** Asks when all earlier requests are answered; `pack` is called then. For `signal` see `Turns.take`. */
  ask(pack: () => Parcel, signal?: AbortSignal): Promise<RunReply | undefined> {
    return this.turns.take(() => this.send(pack()), signal);
  }

  /** False once the thread has ended, by itself or by `close`. */
  get alive(): boolean {
    return this.ended === undefined;
  }

  /** Ends the thread when all requests are answered. */
  async close(): Promise<void> {
    await this.turns.idle();
    process.off("exit", this.waitUntilIdle);
    await this.worker.terminate();
  }

  private send({ request, transfer = [] }: Parcel): Promise<RunReply | undefined> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      // Before the message: the thread may be idle again before this one goes on.
      Atomics.store(this.busy, 0, 1);
      try {
        this.worker.postMessage(request, transfer as readonly TransferListItem[]);
      } catch (error) {
        Atomics.store(this.busy, 0, 0);
        throw error;
      }
      this.worker.ref();
      this.pending = { resolve, reject };
    });
  }

  private settle(reply: Reply): void {
    this.worker.unref();
    if (reply.ok) this.pending?.resolve(reply.value);
    else this.pending?.reject(unpackError(reply));
    this.pending = undefined;
  }

  private end(cause: unknown): void {
    this.ended ??= new Error("worker: expected it to answer, but its thread ended", { cause });
    Atomics.store(this.busy, 0, 0);
    process.off("exit", this.waitUntilIdle);
    this.pending?.reject(this.ended);
    this.pending = undefined;
  }
}
