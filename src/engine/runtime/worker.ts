// Graphs on onnxruntime-node in a worker thread, so that the event loop goes on while they run.

import { zeros } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { checkedSession, intoResults } from "./checked-session.js";
import type { RawSession } from "./checked-session.js";
import { modelFor } from "./node.js";
import type { NodeProvider } from "./node.js";
import type { Runtime, Tensors } from "./session.js";
import { buffersOf } from "./worker-protocol.js";
import { WorkerThread } from "./worker-thread.js";
import type { Parcel } from "./worker-thread.js";

/** Copies of feeds for the worker, in the memory of the last run's copies where it came back. */
function copyFeeds(feeds: Tensors, spare: Tensors): Record<string, HostTensor> {
  const copies = Object.entries(feeds).map(([name, { dtype, shape, data }]) => {
    const copy = spare[name] ?? zeros(dtype, shape);
    copy.data.set(data as never);
    return [name, copy] as const;
  });
  return Object.fromEntries(copies);
}

/** A session that lives in `thread` under a number. */
function remoteSession(
  thread: WorkerThread,
  session: number,
  onRelease: () => Promise<void>,
): RawSession {
  let spare: Tensors = {};
  return {
    async run(feeds, results, signal) {
      const reply = await thread.ask(() => {
        const copies = copyFeeds(feeds, spare);
        spare = {};
        return { request: { kind: "run", session, feeds: copies }, transfer: buffersOf(copies) };
      }, signal);
      spare = reply!.feeds;
      return intoResults(reply!.outputs, results);
    },
    async release() {
      if (thread.alive) await thread.ask(() => ({ request: { kind: "release", session } }));
      await onRelease();
    },
  };
}

/** The sessions of one thread: it starts for the first and ends with the last. */
class SessionHost {
  private thread: WorkerThread | undefined;
  private open = 0;
  private count = 0;

  /** Opens a session by what `pack` makes of its number. Throws what the provider says. */
  async openSession(pack: (session: number) => Parcel): Promise<RawSession> {
    if (!this.thread?.alive) {
      this.thread = new WorkerThread();
      this.open = 0;
    }
    const { thread } = this;
    const session = this.count++;
    this.open++;
    try {
      await thread.ask(() => pack(session));
    } catch (error) {
      await this.leave(thread);
      throw error;
    }
    return remoteSession(thread, session, () => this.leave(thread));
  }

  private async leave(thread: WorkerThread): Promise<void> {
    if (thread !== this.thread) return;
    this.open--;
    if (this.open > 0) return;
    this.thread = undefined;
    await thread.close();
  }
}

/**
 * ONNX Runtime in a worker thread: one thread for all sessions, since two runs at once would share the cores.
 * It starts with the first session and ends with the last; a session that nobody released does not keep the
 * process. An aborted run is abandoned at once, and the next one begins when its kernels have ended.
 */
export function workerRuntime(provider: NodeProvider = "cpu"): Runtime {
  const host = new SessionHost();
  return {
    name: `worker-${provider}`,
    async compile(graph, options = {}) {
      const model = modelFor(provider, graph, options);
      const raw = await host.openSession((session) => ({
        request: { kind: "open", session, provider, model, options },
        transfer: [model.bytes.buffer as ArrayBuffer],
      }));
      return checkedSession(graph, raw);
    },
  };
}
