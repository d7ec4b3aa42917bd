// The weights that the sessions of one thread share, each held once for as long as a session reads it.

import { sizeOf } from "../../core/shape.js";
import type { StoredTensor } from "../lower/stored-weights.js";
import { discard } from "./discard.js";
import { Turns } from "./turns.js";
import { readWeights } from "./weight-reader.js";

/** Memory of several weights: what is freed in pieces of 128 MiB goes back to the system, smaller ones may not. */
const SLAB_BYTES = 2 ** 27;

interface Slab {
  readonly buffer: ArrayBuffer;
  users: number;
}

interface Held {
  readonly values: Float32Array<ArrayBuffer>;
  readonly slab: Slab;
  users: number;
}

/** Weights in a session's hands. */
export interface Lease {
  /** Values by the name that the session gave. */
  readonly values: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  /** Gives the weights back: memory that nobody else reads from is freed at once. */
  end(): void;
}

const keyOf = ({ location: { file, offset }, dtype, shape, permutation }: StoredTensor): string =>
  [file, offset, dtype, shape.join("x"), permutation?.join() ?? ""].join("|");

/** Room for each weight, in as few slabs as hold them in order. */
function allocate(weights: ReadonlyMap<string, StoredTensor>): Map<string, Held> {
  const sizes = [...weights].map(([key, { shape }]) => [key, 4 * sizeOf(shape)] as const);
  const lengths: number[] = [];
  const places = sizes.map(([key, bytes]) => {
    const last = lengths.length - 1;
    if (last < 0 || lengths[last]! + bytes > SLAB_BYTES) lengths.push(0);
    const slab = lengths.length - 1;
    const start = lengths[slab]!;
    lengths[slab] = start + bytes;
    return { key, slab, start, bytes };
  });
  const slabs = lengths.map((length): Slab => ({ buffer: new ArrayBuffer(length), users: 0 }));
  return new Map(
    places.map(({ key, slab: index, start, bytes }) => {
      const slab = slabs[index]!;
      return [key, { values: new Float32Array(slab.buffer, start, bytes / 4), slab, users: 0 }];
    }),
  );
}

/** Weights read once and counted. */
export class WeightStore {
  private readonly held = new Map<string, Held>();
  private readonly turns = new Turns();

  /** Reads those weights that no session holds yet. Throws what the files give cause to, and holds nothing then. */
  lease(weights: ReadonlyMap<string, StoredTensor>): Promise<Lease> {
    return this.turns.take(async () => {
      const keys = new Map([...weights].map(([name, weight]) => [name, keyOf(weight)]));
      const missing = new Map<string, StoredTensor>();
      for (const [name, key] of keys) if (!this.held.has(key)) missing.set(key, weights.get(name)!);
      await this.read(missing);
      const taken = [...new Set(keys.values())];
      for (const key of taken) this.take(this.held.get(key)!);
      const values = new Map([...keys].map(([name, key]) => [name, this.held.get(key)!.values]));
      return { values, end: () => taken.splice(0).forEach((key) => this.giveBack(key)) };
    });
  }

  private async read(missing: ReadonlyMap<string, StoredTensor>): Promise<void> {
    const made = allocate(missing);
    const list = [...missing].map(([key, weight]) => ({ weight, into: made.get(key)!.values }));
    try {
      await readWeights(list);
    } catch (error) {
      discard([...made.values()].map(({ slab }) => slab.buffer));
      throw error;
    }
    for (const [key, held] of made) this.held.set(key, held);
  }

  private take(held: Held): void {
    if (held.users++ === 0) held.slab.users++;
  }

  private giveBack(key: string): void {
    const held = this.held.get(key)!;
    if (--held.users > 0) return;
    this.held.delete(key);
    if (--held.slab.users === 0) discard([held.slab.buffer]);
  }
}
