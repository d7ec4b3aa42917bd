import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readProtocol, triplesOf } from "./protocol.js";

const folder = await mkdtemp(join(tmpdir(), "protocol-"));
afterAll(() => rm(folder, { recursive: true }));
const protocol = await readProtocol();

async function readChanged(change: (json: Record<string, unknown>) => void): Promise<unknown> {
  const json = structuredClone(protocol) as unknown as Record<string, unknown>;
  change(json);
  const path = join(folder, "list.json");
  await writeFile(path, JSON.stringify(json));
  return readProtocol(path);
}

const firstBox = (json: Record<string, unknown>) =>
  (json.test as { boxes: { box: number[]; colour: string | null; noun: string }[] }[])[0]!
    .boxes[0]!;

describe("readProtocol", () => {
  it("reads the committed list", () => {
    expect(protocol.test).toHaveLength(500);
    expect(protocol.tune).toHaveLength(200);
    expect(protocol.test[0]!.boxes[0]!.box).toHaveLength(4);
  });

  it.each([
    ["a box turned inside out", (json: Record<string, unknown>) => firstBox(json).box.reverse()],
    ["a box beyond the picture", (json) => (firstBox(json).box[2] = 1.2)],
    ["a solid without colour", (json) => (firstBox(json).colour = null)],
    ["an unknown noun", (json) => (firstBox(json).noun = "dragon")],
    ["a missing split", (json) => delete json.tune],
    ["another version", (json) => (json.version = 2)],
  ] as [string, (json: Record<string, unknown>) => unknown][])("refuses %s", async (_, change) => {
    await expect(readChanged(change)).rejects.toThrow(/json: .*list\.json/);
  });

  it("refuses two boxes without a relation", async () => {
    const change = (json: Record<string, unknown>) =>
      ((json.test as { relation: unknown }[])[1]!.relation = null);
    await expect(readChanged(change)).rejects.toThrow("expected a relation for two boxes");
  });
});

describe("triplesOf", () => {
  it("gives the first of a split", () => {
    expect(triplesOf(protocol, "tune", 3).map(({ id }) => id)).toEqual([
      "tune-001",
      "tune-002",
      "tune-003",
    ]);
    expect(triplesOf(protocol, "test")).toHaveLength(500);
  });

  it("refuses an unknown split and a count that the list has not", () => {
    expect(() => triplesOf(protocol, "train")).toThrow("expected a split of test, tune, got train");
    expect(() => triplesOf(protocol, "tune", 201)).toThrow("expected a count of 1 to 200");
    expect(() => triplesOf(protocol, "tune", 0)).toThrow("expected a count of 1 to 200");
  });
});
