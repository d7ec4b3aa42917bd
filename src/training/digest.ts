// What identifies a configuration and a set of weights.

import { createHash } from "node:crypto";
import type { HostTensor } from "../core/tensor.js";

/** SHA-256 in hex of a JSON document; the order of its keys counts. */
export function documentDigest(document: unknown): string {
  return createHash("sha256").update(JSON.stringify(document)).digest("hex");
}

/** What of a run's configuration may change on the way. */
interface Passing {
  readonly steps: unknown;
  readonly sample_every: unknown;
  readonly sample_prompts: unknown;
  readonly draw?: unknown;
}

/** Identifies what a checkpoint depends on: everything but how long, how often to look, and how to draw. */
export function lastingDigest<T extends Passing>(config: T): string {
  const {
    steps: _steps,
    sample_every: _every,
    sample_prompts: _prompts,
    draw: _draw,
    ...rest
  } = config;
  return documentDigest(rest);
}

/** SHA-256 in hex of the names and values of weights, in the order of their names. */
export function weightsDigest(weights: ReadonlyMap<string, HostTensor<"float32">>): string {
  const hash = createHash("sha256");
  for (const name of [...weights.keys()].sort()) {
    const { data } = weights.get(name)!;
    hash.update(`${name}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
