// Freeing memory now rather than when garbage is collected, which for gigabytes may be long after.

import { MessageChannel } from "node:worker_threads";

/** Frees the memory of array buffers at once; arrays over them have length 0 from then on. */
export function discard(buffers: readonly ArrayBufferLike[]): void {
  if (buffers.length === 0) return;
  // A message that nobody can receive takes its buffers along.
  const { port1 } = new MessageChannel();
  port1.close();
  port1.postMessage(undefined, [...new Set(buffers)] as ArrayBuffer[]);
}
