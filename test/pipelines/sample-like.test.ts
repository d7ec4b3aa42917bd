// Classes of pictures that are told: the set's own, by name or number, unless one class is chosen.

import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { decodeImage } from "../../src/io/image.js";
import { encodePng } from "../../src/io/png.js";
import { samplePictures } from "../../src/pipelines/sample.js";
import type { SampleRequest } from "../../src/pipelines/sample-request.js";
import { writeDecoder, writeTinyTeacherWith } from "../distillation/tiny-models.js";
import { TINY_SIZE, writeTinyTeacherModel } from "../training/tiny-teacher.js";
import { never, runtime, silent } from "./error-models.js";

const COUNT = 4;
let base: string;
const at = (name: string): string => join(base, name);

/** The same four pictures, two in each of two folders, or flat. */
async function writeSet(name: string, folders: readonly string[]): Promise<void> {
  const generator = new Generator(8n);
  for (let i = 0; i < COUNT; i++) {
    const folder = join(at(name), folders[Math.floor((i / COUNT) * folders.length)] ?? "");
    await mkdir(folder, { recursive: true });
    const bytes = Uint8Array.from({ length: TINY_SIZE ** 2 * 3 }, () => 256 * generator.random());
    await writeFile(join(folder, `${i}.png`), await encodePng(bytes, TINY_SIZE, TINY_SIZE));
  }
}

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-like-"));
  await writeTinyTeacherModel("v", at("teacher"));
  await writeDecoder(at("teacher"), at("named"));
  await writeTinyTeacherWith(at("unnamed-teacher"), { unet: { num_class_embeds: 4 } });
  await writeDecoder(at("unnamed-teacher"), at("unnamed"));
  await writeTinyTeacherWith(at("plain"));
  await writeDecoder(at("plain"), at("classless"));
  await writeSet("letters", ["a", "c"]);
  await writeSet("numbers", ["0", "2"]);
  await writeSet("others", ["a", "d"]);
  await writeSet("beyond", ["1", "3"]);
  await writeSet("flat", []);
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

/** What is drawn of four pictures that are told, as bytes. */
async function drawn(model: string, like: string, change: Partial<SampleRequest> = {}) {
  const folder = at(`${model}-${like}-${change.className ?? "own"}`);
  const request = { model: at(model), folder, like: at(like), count: COUNT, steps: 1, ...change };
  await samplePictures(request, silent, never, runtime);
  const files = Array.from({ length: COUNT }, (_, i) => readFile(join(folder, `00000${i}.png`)));
  return Promise.all(
    (await Promise.all(files)).map(async (file) => (await decodeImage(file)).data),
  );
}

describe("pictures that are told", () => {
  it("have their classes by name, in their own order", async () => {
    const own = await drawn("named", "letters");
    const [a, b, c] = [
      await drawn("named", "letters", { className: "a" }),
      await drawn("named", "letters", { className: "b" }),
      await drawn("named", "letters", { className: "c" }),
    ];
    expect(own).toEqual([a[0], a[1], c[2], c[3]]);
    // Each class in turn would be a, b, c, a.
    expect(own[1]).not.toEqual(b[1]);
    expect(own[3]).not.toEqual(a[3]);
  }, 900_000);

  it("have their classes by number where either has no names", async () => {
    expect(await drawn("named", "numbers")).toEqual(await drawn("named", "letters"));
    const own = await drawn("unnamed", "letters");
    const [first, second] = [
      await drawn("unnamed", "letters", { className: "0" }),
      await drawn("unnamed", "letters", { className: "1" }),
    ];
    expect(own).toEqual([first[0], first[1], second[2], second[3]]);
    expect(own[2]).not.toEqual(first[2]);
  }, 900_000);

  it("need no classes where the model has none, or where one is chosen", async () => {
    expect(await drawn("classless", "flat")).toEqual(await drawn("classless", "others"));
    const chosen = await drawn("named", "flat", { className: "c" });
    expect(chosen).toEqual(await drawn("named", "others", { className: "c" }));
  }, 900_000);

  it.each([
    [
      "flat",
      /--like: .*flat: expected pictures in the classes of .*named, one of a, b, c, .*got some without.*--class/,
    ],
    ["others", /one of a, b, c, or numbers from 0 to 2, got "d"/],
    ["beyond", /numbers from 0 to 2, got "3"/],
  ])(
    "are refused of classes that the model does not have: %s",
    async (like, message) => {
      await expect(drawn("named", like)).rejects.toThrow(message);
      // Before anything is written.
      expect(await readdir(base)).not.toContain(`named-${like}-own`);
    },
    900_000,
  );
});
