import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { FollowspotError } from "../core/errors.js";
import { floats, tensor } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { encodeSafetensors, openSafetensors, writeSafetensors } from "./safetensors.js";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../test/golden/io/${name}.safetensors`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe("a file written by Python", () => {
  it.each([
    ["f32", "float32", [2, 3], [1.5, -2.25, Math.fround(3e-40), Infinity, -0, Math.fround(3.4e38)]],
    ["f16", "float16", [3], [0x3c00, 0xfbff, 1]],
    ["bf16", "float32", [1, 2], [1, -3.140625]],
    ["i64", "int64", [2], [2n ** 62n, -1n]],
    ["i32", "int32", [2, 1, 1], [7, -(2 ** 31)]],
    ["u8", "uint8", [3], [0, 255, 3]],
    ["bool", "bool", [3], [1, 0, 1]],
    ["scalar", "float32", [], [2.5]],
    ["empty", "float32", [0, 4], []],
    ["naïve.größe/重み", "float32", [3], [0, 1, 2]],
  ])("gives %s as %s", async (name, dtype, shape, values) => {
    const read = await (await openSafetensors(golden("every-type"))).read(name);
    expect(read.dtype).toBe(dtype);
    expect(read.shape).toEqual(shape);
    expect([...read.data]).toEqual(values);
  });

  it.each([
    ["f16", [1, -65504, 2 ** -24]],
    ["i64", [2 ** 62, -1]],
    ["i32", [7, -(2 ** 31)]],
    ["u8", [0, 255, 3]],
    ["bool", [1, 0, 1]],
  ])("gives %s as float32 when asked", async (name, values) => {
    const read = await (await openSafetensors(golden("every-type"))).readFloat32(name);
    expect(read.dtype).toBe("float32");
    expect([...read.data]).toEqual(values);
  });

  it("gives entries whose offsets count from the start of the file", async () => {
    const file = await openSafetensors(golden("every-type"));
    const bytes = await readFile(file.path);
    const { offset, byteLength, dtype } = file.tensors.get("f64")!;
    expect([dtype, byteLength]).toEqual(["F64", 8]);
    expect(bytes.readDoubleLE(offset)).toBe(0.1);
    expect(new Float64Array((await file.readBytes("f64")).buffer)).toEqual(Float64Array.of(0.1));
    await expect(file.read("f64")).rejects.toThrow(/every-type.*tensor "f64": dtype.*got F64/);
    expect(file.metadata).toEqual({ format: "pt" });
  });

  it("may hold nothing", async () => {
    const file = await openSafetensors(golden("no-tensors"));
    expect(file.tensors.size).toBe(0);
    expect(file.metadata).toEqual({});
  });

  it("is what the writer writes, byte for byte, whatever the order", async () => {
    const file = await openSafetensors(golden("writable"));
    const named: [string, HostTensor][] = [];
    for (const name of file.tensors.keys()) named.push([name, await file.read(name)]);
    const path = join(folder, "same.safetensors");
    await writeSafetensors(path, named.reverse(), file.metadata);
    expect(await readFile(path)).toEqual(await readFile(file.path));
  });
});

describe("the writer", () => {
  it("takes an object and keeps any name, text and metadata order", async () => {
    const path = join(folder, "names.safetensors");
    const tensors = { 10: floats([1], [1]), 9: floats([1], [2]), __proto__x: floats([1], [3]) };
    await writeSafetensors(path, tensors, { b: 'quote " and \n', a: "é" });
    const file = await openSafetensors(path);
    expect([...file.tensors.keys()]).toEqual(["10", "9", "__proto__x"]);
    expect(file.metadata).toEqual({ a: "é", b: 'quote " and \n' });
    expect((await file.read("9")).data).toEqual(Float32Array.of(2));
  });

  it("keeps a tensor named __proto__", async () => {
    const path = join(folder, "proto.safetensors");
    await writeSafetensors(path, [["__proto__", floats([1], [4])]]);
    expect((await (await openSafetensors(path)).read("__proto__")).data[0]).toBe(4);
  });

  it("writes a view's own elements and aligns each tensor", async () => {
    const path = join(folder, "views.safetensors");
    const half = tensor("float16", [1], Uint16Array.of(0, 5, 0).subarray(1, 2));
    const byte = tensor("uint8", [3], Uint8Array.of(1, 2, 3));
    const long = tensor("int64", [1], BigInt64Array.of(9n));
    await writeSafetensors(path, { byte, half, long });
    const { tensors, ...file } = await openSafetensors(path);
    expect([...tensors.keys()]).toEqual(["long", "half", "byte"]);
    expect(tensors.get("long")!.offset % 8).toBe(0);
    expect((await (await openSafetensors(file.path)).read("half")).data[0]).toBe(5);
  });

  it.each<[string, [string, HostTensor][]]>([
    [
      "a name twice",
      [
        ["a", floats([1], [1])],
        ["a", floats([1], [1])],
      ],
    ],
    ["the reserved name", [["__metadata__", floats([1], [1])]]],
    ["half a character", [["\ud800", floats([1], [1])]]],
    ["data that is not of the shape", [["a", { ...floats([1], [1]), shape: [2] }]]],
  ])("refuses %s", (_, tensors) => {
    expect(() => encodeSafetensors(tensors)).toThrow(FollowspotError);
  });
});

/** A file with this header and this many bytes of data after it. */
function withHeader(header: unknown, dataLength: number): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header), "latin1");
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([prefix, json, Buffer.alloc(dataLength)]);
}

const entry = (begin: number, end: number, shape: unknown = [1], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("a damaged file", () => {
  it.each<[string, unknown, number, RegExp]>([
    ["a gap", { a: entry(0, 4), b: entry(8, 12) }, 12, /"b" at byte.*a gap/],
    ["a gap at the start", { a: entry(4, 8) }, 8, /a gap/],
    ["an overlap", { a: entry(0, 4), b: entry(2, 6) }, 6, /"b" at byte.*an overlap/],
    ["two tensors in one place", { a: entry(0, 4), b: entry(0, 4) }, 4, /an overlap/],
    ["bytes after the last tensor", { a: entry(0, 4) }, 5, /got a file of/],
    ["a truncated tensor", { a: entry(0, 4) }, 3, /cut off/],
    ["offsets that are not of the shape", { a: entry(0, 4, [2]) }, 4, /expected 8 bytes/],
    ["offsets in reverse", { a: entry(4, 0) }, 4, /from 4 to 0/],
    ["negative offsets", { a: entry(-4, 0) }, 4, /data_offsets/],
    ["three offsets", { a: { ...entry(0, 4), data_offsets: [0, 4, 4] } }, 4, /data_offsets/],
    ["an enormous shape", { a: entry(0, 4, [2 ** 50, 2 ** 50, 2 ** 50]) }, 4, /Infinity bytes/],
    ["a shape beyond exact numbers", { a: entry(0, 4, [1e300]) }, 4, /shape of tensor "a"/],
    ["a negative extent", { a: entry(0, 4, [-1]) }, 4, /shape of tensor "a"/],
    ["a fractional extent", { a: entry(0, 4, [0.5, 2]) }, 4, /shape of tensor "a"/],
    ["a shape that is no list", { a: entry(0, 4, 1) }, 4, /shape of tensor "a"/],
    ["an unknown dtype", { a: entry(0, 4, [1], "C64") }, 4, /one of BOOL.*got "C64"/],
    ["a dtype from the prototype", { a: entry(0, 4, [1], "toString") }, 4, /"toString"/],
    ["a tensor that is no object", { a: 1 }, 0, /"a" to be an object/],
    ["metadata that is no object", { __metadata__: ["a"] }, 0, /__metadata__/],
    ["metadata that is no text", { __metadata__: { a: 1 } }, 0, /text under __metadata__ "a"/],
    ["a header that is a list", "[]", 0, /starts with \{/],
    ["no JSON", "{never", 0, /UTF-8 JSON/],
    ["bytes that are no UTF-8", '{"\xff\xfe":1}', 0, /UTF-8 JSON/],
    ["an empty header", "", 0, /starts with \{/],
    ["a name twice", `{"a":${JSON.stringify(entry(0, 0, [0]))},"\\u0061":1}`, 0, /"a" twice/],
    ["brackets without end", `{"a":${"[".repeat(1e5)}`, 0, /9 deep/],
    ["deep brackets", `{"a":${"[".repeat(1e5)}${"]".repeat(1e5)}}`, 0, /9 deep/],
    ["an open string", '{"a', 0, /UTF-8 JSON/],
    ["a key twice", '{"a":{"dtype":"U8","dtype":"U8"}}', 0, /"dtype" twice/],
  ])("with %s is refused", async (_, header, dataLength, message) => {
    const path = await fileOf("damaged.safetensors", withHeader(header, dataLength));
    const failure = openSafetensors(path);
    await expect(failure).rejects.toThrow(FollowspotError);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow("damaged.safetensors");
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["empty", "", /at least 8 bytes/],
    ["shorter than its prefix", "abc", /at least 8 bytes/],
    ["of a lying header length", Buffer.alloc(64, 0xff), /at most 56 bytes/],
    ["of a header length past the end", withHeader({}, 0).subarray(0, 9), /at most 1 bytes/],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n", /git lfs pull/],
    ["a zip archive", "PK\x03\x04\x00\x00\x08\x08\x00\x00\x00", /pickled checkpoint/],
  ])("that is %s is refused", async (_, content, message) => {
    const path = await fileOf("wrong.safetensors", content);
    await expect(openSafetensors(path)).rejects.toThrow(FollowspotError);
    await expect(openSafetensors(path)).rejects.toThrow(message);
  });

  it("accepts a key that is twice in different objects and strings that look like keys", async () => {
    const header = { __metadata__: { a: '{"a":"a","a":[', "b\\": '\\",' }, a: entry(0, 4) };
    const path = await fileOf("twice.safetensors", withHeader(header, 4));
    expect([...(await openSafetensors(path)).tensors.keys()]).toEqual(["a"]);
  });

  it("is noticed when it shrinks after it was opened", async () => {
    const path = await fileOf("shrinks.safetensors", withHeader({ a: entry(0, 4) }, 4));
    const file = await openSafetensors(path);
    await truncate(path, 60);
    await expect(file.read("a")).rejects.toThrow(FollowspotError);
  });
});

describe("openSafetensors", () => {
  it.each([
    ["model.ckpt", /from_single_file/],
    ["model.BIN", /save_file/],
    ["model.pt", /weights_only=True/],
  ])("refuses %s and says how to convert it", async (name, message) => {
    await expect(openSafetensors(name)).rejects.toThrow(FollowspotError);
    await expect(openSafetensors(name)).rejects.toThrow(message);
  });

  it("says that a file is missing, a folder, or without a tensor", async () => {
    await expect(openSafetensors(join(folder, "none"))).rejects.toThrow(/none: no such file/);
    await expect(openSafetensors(folder)).rejects.toThrow(/got a folder/);
    const file = await openSafetensors(golden("no-tensors"));
    await expect(file.read("a")).rejects.toThrow(/expected a tensor "a"/);
  });
});
