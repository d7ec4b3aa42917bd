import { crc32, deflateSync } from "node:zlib";

import { beforeAll, describe, expect, it } from "vitest";

import { FollowspotError } from "../core/errors.js";
import { Generator } from "../core/generator.js";
import { encodePng } from "./png.js";
import { readPngText, writePngText } from "./png-text.js";

let plain: Uint8Array;
beforeAll(async () => {
  plain = await encodePng(new Uint8Array(12), 2, 2);
});

/** The picture with a chunk of our own after its header. */
function withChunk(type: string, data: string | Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type), Buffer.from(data as string, "latin1")]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return Buffer.concat([plain.subarray(0, 33), chunk, plain.subarray(33)]);
}

const compressed = deflateSync(Buffer.from("größe", "utf8"));

describe("text in a PNG", () => {
  it("comes back as it was, in any language and of any length", () => {
    const texts = {
      followspot: '{"prompt":"größe 重み 🐈"}',
      parameters: "a\nb",
      long: "x".repeat(1e6),
    };
    const png = writePngText(plain, texts);
    expect(readPngText(png)).toEqual(texts);
    expect(png.length).toBeGreaterThan(plain.length + 1e6);
    expect(readPngText(plain)).toEqual({});
  });

  it("is read though another program appended something to the file", () => {
    const written = writePngText(plain, { key: "a text" });
    const longer = Buffer.concat([written, Buffer.from("\nappended")]);
    expect(readPngText(longer)).toEqual({ key: "a text" });
  });

  it("is added to what is there, and replaces what has its key", () => {
    const once = writePngText(plain, { a: "old", b: "kept" });
    expect(readPngText(writePngText(once, { c: "new" }))).toEqual({
      a: "old",
      b: "kept",
      c: "new",
    });
    expect(readPngText(writePngText(once, { a: "new" }))).toEqual({ a: "new", b: "kept" });
  });

  it.each<[string, string, string | Uint8Array, string]>([
    ["tEXt", "tEXt", "key\0gr\xf6\xdfe", "größe"],
    ["zTXt", "zTXt", Buffer.concat([Buffer.from("key\0\0"), deflateSync("abc")]), "abc"],
    ["iTXt", "iTXt", "key\0\0\0de\0Schl\0text", "text"],
    [
      "compressed iTXt",
      "iTXt",
      Buffer.concat([Buffer.from("key\0\x01\0\0\0"), compressed]),
      "größe",
    ],
  ])("is read from %s", (_, type, data, text) => {
    expect(readPngText(withChunk(type, data))).toEqual({ key: text });
  });

  it.each<[string, string, string | Uint8Array, RegExp]>([
    ["a text without its key's end", "tEXt", "key", /all its parts/],
    ["an iTXt cut off", "iTXt", "key\0\0\0de", /all its parts/],
    ["a zTXt that is not compressed", "zTXt", "key\0\0abc", /compressed text/],
    [
      "a text that unfolds to 64 MiB",
      "zTXt",
      Buffer.concat([Buffer.from("k\0\0"), deflateSync(Buffer.alloc(2 ** 26))]),
      /compressed text/,
    ],
  ])("is refused from %s", (_, type, data, message) => {
    const read = () => readPngText(withChunk(type, data));
    expect(read).toThrow(FollowspotError);
    expect(read).toThrow(message);
  });

  it.each(["", " a", "a ", "é", "a\nb", "x".repeat(80)])("is refused under the key %j", (key) => {
    expect(() => writePngText(plain, { [key]: "text" })).toThrow(FollowspotError);
  });

  it("is refused with a NUL inside", () => {
    expect(() => writePngText(plain, { a: "b\0c" })).toThrow(/without NUL/);
  });
});

describe("a damaged PNG", () => {
  it("that is cut anywhere or changed anywhere gives a FollowspotError or its text", () => {
    const png = writePngText(plain, { followspot: "recipe" });
    const random = new Generator(4n);
    const refused = { cut: 0, changed: 0 };
    const read = (bytes: Uint8Array, kind: keyof typeof refused) => {
      try {
        readPngText(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(FollowspotError);
        refused[kind]++;
      }
    };
    for (let i = 0; i < png.length; i++) {
      read(png.subarray(0, i), "cut");
      const changed = Uint8Array.from(png);
      changed[i]! ^= 1 + (random.uint32() % 255);
      read(changed, "changed");
    }
    // Cuts between two chunks leave whole chunks; every changed byte breaks a checksum or a length.
    expect(refused.cut).toBeGreaterThan(png.length - 10);
    expect(refused.changed).toBe(png.length);
  });

  it("is not taken for another format", () => {
    expect(() => readPngText(Buffer.from("GIF89a"))).toThrow(/expected a PNG/);
    expect(() => writePngText(plain.subarray(0, 8), {})).toThrow(/IHDR/);
  });
});
