// Scenes that went through the autoencoder, kept on disk: making them costs more than training on them.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../io/atomic.js";
import { readIfThere } from "../../io/file-error.js";
import type { BatchSource } from "./batches.js";
import { PICTURE_SIDE } from "./layout.js";
import type { RoundTrip } from "./round-trip.js";
import type { LabelledPicture } from "./scenes.js";

const CHUNK = 100; // pictures between savings
const BYTES = PICTURE_SIDE * PICTURE_SIDE * 3;

/**
 * Scenes 0 to `count` - 1 of a list after the round trip, with their labels. Those that `folder` holds
 * from an earlier call with the same list and autoencoder are read, the others are made and kept there.
 */
export async function decodedScenes(
  scenes: BatchSource["scenes"],
  count: number,
  folder: string,
  openTrip: () => Promise<RoundTrip>,
): Promise<LabelledPicture[]> {
  const path = join(folder, "decoded.rgb");
  const stored = (await readIfThere(path, () => readFile(path))) ?? Buffer.alloc(0);
  let bytes: Uint8Array = stored.subarray(0, Math.floor(stored.length / BYTES) * BYTES);
  if (bytes.length < count * BYTES) {
    const trip = await openTrip();
    for (let have = bytes.length / BYTES; have < count; have = bytes.length / BYTES) {
      const here = Math.min(CHUNK, count - have);
      const list = Array.from({ length: here }, (_, i) => scenes(have + i).rgb);
      bytes = Buffer.concat([bytes, ...(await trip.run(list))]);
      await writeFileAtomic(path, bytes);
    }
    await trip.release();
  }
  return Array.from({ length: count }, (_, i) => ({
    rgb: bytes.subarray(i * BYTES, (i + 1) * BYTES),
    things: scenes(i).things,
  }));
}
