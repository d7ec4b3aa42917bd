import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";

import { FollowspotError } from "../core/errors.js";
import { readJson, readJsonAs, readJsonObject, writeJson } from "./json.js";

let path: string;
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), "followspot-json-")), "config.json");
});
afterAll(() => rm(join(path, ".."), { recursive: true }));

it("reads what it writes", async () => {
  await writeJson(path, { a: [1, "é"] });
  expect(await readJson(path)).toEqual({ a: [1, "é"] });
  expect(await readFile(path, "utf8")).toBe('{\n  "a": [\n    1,\n    "é"\n  ]\n}\n');
});

it("reads past a byte order mark", async () => {
  await writeFile(path, '\ufeff{"a":1}');
  expect(await readJsonObject(path)).toEqual({ a: 1 });
});

it("names the file that is missing or broken", async () => {
  await writeFile(path, '{"a":\n');
  await expect(readJson(path)).rejects.toThrow(FollowspotError);
  await expect(readJson(path)).rejects.toThrow(`json: ${path}: expected JSON`);
  await expect(readJson(`${path}.none`)).rejects.toThrow(/none: no such file/);
});

it("names every field at fault", async () => {
  const schema = z.object({ in_channels: z.number(), blocks: z.array(z.string()) });
  await writeFile(path, '{"in_channels":"4","blocks":["a",2]}');
  const failure = readJsonAs(path, schema);
  await expect(failure).rejects.toThrow(FollowspotError);
  await expect(failure).rejects.toThrow(/in_channels: .*; blocks\[1\]: expected a text, got 2\.$/);
});

it("refuses a list where an object belongs", async () => {
  await writeFile(path, "[1]");
  await expect(readJsonObject(path)).rejects.toThrow(FollowspotError);
});
