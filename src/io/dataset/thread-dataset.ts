// A set of pictures read and decoded in a thread of its own, so that steps that block this one do not starve it.

import { Worker } from "node:worker_threads";

// sharp must be loaded here before a thread loads it: its library has to stay until all threads have ended.
import "sharp";

import { closedError } from "./closed-error.js";
import type { DatasetOptions, PictureBatch, PictureDataset } from "./dataset.js";
import type { Answer, Close, Facts, RequestOf, Requests, ThreadData } from "./thread-protocol.js";
import { errorOf } from "./told-error.js";

/**
 * As `openDataset`, but the set lives in a worker thread with an event loop of its own: what was asked for goes
 * on being made while this thread computes. Close it when done; a set that nobody closed does not keep the process.
 *
 * Throws as `openDataset`, and the signal's reason when it aborts before the set is open.
 */
export async function openDatasetInThread(
  path: string,
  { signal, ...options }: DatasetOptions = {},
): Promise<ThreadDataset> {
  signal?.throwIfAborted();
  const thread = new DatasetThread();
  const abort = (): void => void thread.close(signal!.reason);
  signal?.addEventListener("abort", abort);
  try {
    return new ThreadDataset(thread, await thread.ask({ kind: "open", path, options }));
  } catch (error) {
    await thread.close();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** A set in a thread: batches are made in the order in which they are asked for. */
export class ThreadDataset implements PictureDataset {
  readonly count: number;
  readonly size: number;
  readonly channels: 1 | 3;
  readonly digest: string;
  readonly resizing: string;
  readonly classes?: readonly string[];
  private readonly names: readonly string[];

  constructor(
    private readonly thread: DatasetThread,
    facts: Facts,
  ) {
    this.count = facts.count;
    this.size = facts.size;
    this.channels = facts.channels;
    this.digest = facts.digest;
    this.resizing = facts.resizing;
    if (facts.classes) this.classes = facts.classes;
    this.names = facts.names;
  }

  /** Pictures of all batches made so far, in shared memory: it tells of them even to who does not let the loop turn. */
  get finished(): Int32Array {
    return this.thread.finished;
  }

  nameOf(index: number): string {
    const name = this.names[index];
    if (name !== undefined) return name;
    throw new RangeError(`data set: expected an index below ${this.count}, got ${index}`);
  }

  pictures(indices: readonly number[]): Promise<PictureBatch> {
    return this.thread.ask({ kind: "pictures", indices });
  }

  /** Ends the thread; batches that are still being made reject. */
  close(): Promise<void> {
    return this.thread.close();
  }
}

interface Pending {
  readonly resolve: (value: Facts | PictureBatch) => void;
  readonly reject: (reason: unknown) => void;
}

function startThread(workerData: ThreadData): Worker {
  const built = !import.meta.url.endsWith(".ts");
  const entry = built ? "./thread-entry.js" : "./thread-from-source.js";
  return new Worker(new URL(entry, import.meta.url), { workerData });
}

/** A thread and those who wait for its answers. The process stays while somebody waits, and no longer. */
class DatasetThread {
  readonly finished = new Int32Array(new SharedArrayBuffer(4));
  private readonly worker = startThread({ finished: this.finished.buffer });
  private readonly exited = new Promise<void>((resolve) =>
    this.worker.once("exit", () => resolve()),
  );
  private readonly waiting: Pending[] = [];
  private ended: { readonly reason: unknown } | undefined;

  constructor() {
    this.worker.on("message", (answer: Answer) => this.settle(answer));
    this.worker.on("error", (cause) => this.end(threadEnded(cause)));
    this.worker.on("exit", () => this.end(threadEnded()));
    this.worker.unref();
  }

  /** The request is on its way when this returns, whether or not the loop turns again. */
  async ask<K extends keyof Requests>(request: RequestOf<K>): Promise<Requests[K]["answer"]> {
    if (this.ended) throw this.ended.reason;
    return new Promise((resolve, reject) => {
      this.worker.postMessage(request);
      this.worker.ref();
      this.waiting.push({ resolve, reject });
    });
  }

  /** Ends the thread once the pictures under way are done; who waits is told `reason` at once. */
  async close(reason: unknown = closedError()): Promise<void> {
    this.end(reason);
    this.worker.ref();
    this.worker.postMessage({ kind: "close" } satisfies Close);
    await this.exited;
  }

  private settle(answer: Answer): void {
    if (this.ended) return;
    const pending = this.waiting.shift();
    if (this.waiting.length === 0) this.worker.unref();
    if (answer.ok) pending!.resolve(answer.value);
    else pending!.reject(errorOf(answer.told));
  }

  private end(reason: unknown): void {
    this.ended ??= { reason };
    for (const { reject } of this.waiting.splice(0)) reject(this.ended.reason);
  }
}

const threadEnded = (cause?: unknown): Error =>
  new Error("data set: expected its thread to answer, got none: it has ended", { cause });
