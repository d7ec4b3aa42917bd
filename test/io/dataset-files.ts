// Small sets of pictures for tests, by a formula, in every kind of file.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync, zipSync } from "fflate";
import { encodePng } from "../../src/io/png.js";

export const SIDE = 8;

/** Picture `index` of the tests: the formula of scripts/goldens/dataset.py. */
export function formula(index: number, side = SIDE): Uint8Array {
  return Uint8Array.from({ length: side * side * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / 3 / side), Math.floor(i / 3) % side, i % 3];
    return (index * 50 + y * 8 + x * 3 + c * 20) % 256;
  });
}

export const png = (index: number, side = SIDE): Promise<Uint8Array> =>
  encodePng(formula(index, side), side, side);

/** Two classes: bee has picture 1, cat the pictures 2 and 3. */
export async function classFiles(): Promise<Record<string, Uint8Array>> {
  return { "bee/1.png": await png(1), "cat/2.png": await png(2), "cat/3.png": await png(3) };
}

/** A folder for one test file, with ways to write into it. */
export async function workFolder() {
  const root = await mkdtemp(join(tmpdir(), "followspot-dataset-"));
  let made = 0;
  const write = async (name: string, content: Uint8Array | string): Promise<string> => {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  };
  return {
    root,
    write,
    /** A new folder with these files. */
    async folder(files: Record<string, Uint8Array | string>): Promise<string> {
      const name = `folder-${made++}`;
      await mkdir(join(root, name));
      for (const [path, content] of Object.entries(files)) await write(join(name, path), content);
      return join(root, name);
    },
    /** A zip with these entries; level 0 stores them. */
    zip(files: Record<string, Uint8Array>, level: 0 | 6 = 0): Promise<string> {
      return write(`zip-${made++}.zip`, zipSync(files, { level }));
    },
    remove: () => rm(root, { recursive: true }),
  };
}

/** An idx file: a head with the dimensions, then bytes. */
export function idx(dims: readonly number[], data: Uint8Array, packed = false): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  head.setUint32(0, 0x0800 + dims.length);
  dims.forEach((extent, i) => head.setUint32(4 + 4 * i, extent));
  const bytes = Uint8Array.from([...new Uint8Array(head.buffer), ...data]);
  return packed ? gzipSync(bytes) : bytes;
}
