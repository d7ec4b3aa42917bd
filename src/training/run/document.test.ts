import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { taskOf } from "../kinds.js";
import { listPresets, nameOf, readDocument, withOverrides } from "./document.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-document-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("presets", () => {
  it("are the shipped configurations by their names", async () => {
    const presets = await listPresets();
    expect(presets).toEqual(expect.arrayContaining(["stage", "stage-autoencoder"]));
    for (const preset of presets) expect((await readDocument(preset)).name).toBe(preset);
  });

  it("are listed when another name is asked for", async () => {
    await expect(readDocument("stege")).rejects.toThrow(
      /a preset \(.*stage.*\) or a JSON file, got stege/,
    );
  });
});

describe("a JSON file", () => {
  it("is a configuration, named for the file", async () => {
    const path = join(folder, "my net.json");
    await writeFile(path, '{ "kind": "x" }');
    expect(await readDocument(path)).toEqual({ name: "my-net", document: { kind: "x" } });
    expect(nameOf("configs/a.json")).toBe("a");
  });

  it("is refused when it is none", async () => {
    const path = join(folder, "bad.json");
    await writeFile(path, "{");
    await expect(readDocument(path)).rejects.toThrow(/bad.json: expected JSON/);
  });
});

describe("overrides", () => {
  const document = { a: 1, b: { c: [1, 2] } };
  const known = { a: 1, b: { c: [1, 2], d: "x", e: { f: 1, g: [5, 6] } } };

  it("replace single values, lists and what is left to defaults, in a copy", () => {
    const overrides = { a: 2, "b.c.1": 9, "b.d": "y", "b.e.g.0": 7 };
    expect(withOverrides(document, known, overrides)).toEqual({
      a: 2,
      b: { c: [1, 9], d: "y", e: { f: 1, g: [7, 6] } },
    });
    expect(withOverrides(document, known, { "b.c": "[3]" })).toEqual({ a: 1, b: { c: [3] } });
    expect(document).toEqual({ a: 1, b: { c: [1, 2] } });
    expect(known.b.e.g).toEqual([5, 6]);
  });

  it("leave a text a text", () => {
    expect(withOverrides(document, known, { "b.d": 2024 })).toEqual({
      a: 1,
      b: { c: [1, 2], d: "2024" },
    });
  });

  it("fill in what is null, by an object or by a text that is none", () => {
    const absent = { guidance: null, start_from: null };
    const overrides = { guidance: '{"scale":1.3}', start_from: "models/one" };
    expect(withOverrides(absent, absent, overrides)).toEqual({
      guidance: { scale: 1.3 },
      start_from: "models/one",
    });
  });

  it.each([
    ["z", /--set z: expected one of a, b, got "z"/],
    ["b.x", /--set b.x: expected one of c, d, e, got "x"/],
    ["a.b", /--set a.b: expected no further key, got "b"/],
    ["b.c.2", /expected one of 0, 1, got "2"/],
    ["__proto__.a", /got "__proto__"/],
  ])("are refused at %s", (path, message) => {
    expect(() => withOverrides(document, known, { [path]: 1 })).toThrow(message);
  });
});

describe("taskOf", () => {
  const stage = async () => (await readDocument("stage")).document;

  it("names every field at fault", async () => {
    const document = { ...(await stage()), batch: 0, stepz: 1 };
    expect(() => taskOf(document)).toThrow(/^config: batch: .*stepz/);
    expect(() => taskOf({ kind: "detector" })).toThrow(
      /kind: expected one of text-to-image, autoencoder/,
    );
  });

  it("has a digest that does not depend on how long, how often and how to draw", async () => {
    const document = await stage();
    const { digest } = taskOf(document);
    const draw = { sampler: "ddim", steps: 20, cfg: 4, methods: { direct: { trailing: 9 } } };
    const same = { ...document, steps: 1, sample_every: 7, sample_prompts: ["x"], draw };
    expect(taskOf(same).digest).toBe(digest);
    expect(taskOf({ ...document, batch: 31 }).digest).not.toBe(digest);
  });

  it("refuses parts that do not fit, before anything is trained", async () => {
    const document = await stage();
    await expect(taskOf({ ...document, size: 100 }).check()).rejects.toThrow(
      /unet.sample_size: expected 25, to fit the other parts, got 24/,
    );
    await expect(taskOf({ ...document, autoencoder: "nowhere" }).check()).rejects.toThrow(
      /nowhere/,
    );
  });
});
