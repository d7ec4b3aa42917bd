import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { FollowspotError } from "../core/errors.js";
import { Generator } from "../core/generator.js";
import { floats, tensor } from "../core/tensor.js";
import { encodeSafetensors, openSafetensors } from "./safetensors.js";

const ROUNDS = 3000;

const valid = Buffer.concat(
  encodeSafetensors(
    {
      "a.weight": floats([2, 3], [1, 2, 3, 4, 5, 6]),
      "b.bias": tensor("float16", [4], Uint16Array.of(1, 2, 3, 4)),
      é: tensor("int64", [1], BigInt64Array.of(5n)),
    },
    { format: "pt" },
  ),
);
const headerEnd = 8 + Number(valid.readBigUInt64LE(0));
const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  ":",
  "-1",
  "1e999",
  "0",
  "null",
  "\\u0000",
  "\xff",
  "9".repeat(30),
];

/** One to three random damages, most of them in the prefix and header. */
function damage(random: Generator): Buffer {
  const below = (limit: number) => random.uint32() % limit;
  let bytes = Buffer.from(valid);
  for (let count = 1 + below(3); count > 0; count--) {
    const at = below(Math.min(headerEnd + 4, bytes.length || 1));
    const kind = below(5);
    const token = Buffer.from(TOKENS[below(TOKENS.length)]!, "latin1");
    const join = (...parts: Uint8Array[]) => Buffer.concat(parts);
    if (kind === 0) bytes[at] = below(256);
    if (kind === 1) bytes = bytes.subarray(0, below(bytes.length + 1));
    if (kind === 2) bytes = join(bytes.subarray(0, at), token, bytes.subarray(at));
    if (kind === 3) bytes = join(bytes.subarray(0, at), token, bytes.subarray(at + token.length));
    if (kind === 4) bytes = join(bytes.subarray(0, at), bytes.subarray(at + 1 + below(8)));
    // Keep the length prefix true half of the time, so that the damage reaches the parser.
    if (bytes.length > 8 && below(2)) {
      const length = headerEnd + bytes.length - valid.length - 8;
      bytes.writeBigUInt64LE(BigInt(Math.max(0, length)));
    }
  }
  return bytes;
}

async function readAll(path: string): Promise<void> {
  const file = await openSafetensors(path);
  for (const name of file.tensors.keys()) await file.readFloat32(name);
}

it("a damaged file gives a FollowspotError or tensors, never anything else", async () => {
  const folder = await mkdtemp(join(tmpdir(), "followspot-fuzz-"));
  const path = join(folder, "fuzz.safetensors");
  const random = new Generator(20n);
  const outcomes = { read: 0, refused: 0 };
  const messages = new Set<string>();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = damage(random);
      await writeFile(path, bytes);
      try {
        await readAll(path);
        outcomes.read++;
      } catch (error) {
        if (!(error instanceof FollowspotError))
          throw new Error(bytes.toString("latin1"), { cause: error });
        expect(error.message).toContain(path);
        outcomes.refused++;
        messages.add(error.message.slice(path.length + 15, path.length + 45));
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  // The damage is deep enough to meet many checks, and mild enough that some files survive.
  expect(outcomes.read).toBeGreaterThan(10);
  expect(outcomes.refused).toBeGreaterThan(ROUNDS / 2);
  expect(messages.size).toBeGreaterThan(20);
});
