// What identifies a configuration and a set of weights.

import { createHash } from "node:crypto";
import type { HostTensor } from "../core/tensor.js";

/** SHA-256 in hex of a JSON document; the order of its keys counts. */
export function documentDigest(document: unknown): string {
  return createHash("sha256").update(JSON.stringify(document)).digest("hex");
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
