import { appendFile, lstat, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { FollowspotError } from "../core/errors.js";
import { PlacementRecords, RECORDS_FILE } from "./evaluation-records.js";
import type { PlacementRecord } from "./evaluation-records.js";

const root = await mkdtemp(join(tmpdir(), "records-"));
afterAll(() => rm(root, { recursive: true }));
const header = { model: "stage", digest: "abc" };
const record = (id: string, method = "none"): PlacementRecord => ({
  id,
  method,
  evaluations: 50,
  detections: [{ noun: "cat", colour: null, box: [0.1, 0.2, 0.3, 0.4], score: 0.875 }],
  secondJudge: [],
});

describe("PlacementRecords", () => {
  it("gives back what earlier runs added, by picture and method", async () => {
    const folder = join(root, "new", "run");
    const records = await PlacementRecords.open(folder, header);
    await records.add(record("a"));
    await records.add(record("a", "direct"));
    const again = await PlacementRecords.open(folder, header);
    expect(again.get("a", "none")).toEqual(record("a"));
    expect(again.get("a", "direct")).toEqual(record("a", "direct"));
    expect(again.get("b", "none")).toBeUndefined();
  });

  it("drops a last line that was cut short, and goes on behind the whole ones", async () => {
    const folder = join(root, "cut");
    const records = await PlacementRecords.open(folder, header);
    await records.add(record("ä"));
    await appendFile(join(folder, RECORDS_FILE), '{"id":"b","method":"no');
    const again = await PlacementRecords.open(folder, header);
    expect(again.get("ä", "none")).toBeDefined();
    await again.add(record("b"));
    const lines = (await readFile(join(folder, RECORDS_FILE), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { id?: string }).id)).toEqual([
      undefined,
      "ä",
      "b",
    ]);
    expect((await PlacementRecords.open(folder, header)).get("b", "none")).toBeDefined();
  });

  it("starts anew when even the first line was cut short", async () => {
    const folder = join(root, "head");
    await PlacementRecords.open(folder, header);
    const path = join(folder, RECORDS_FILE);
    await rm(path);
    await appendFile(path, '{"model":"st');
    const records = await PlacementRecords.open(folder, header);
    await records.add(record("a"));
    expect((await PlacementRecords.open(folder, header)).get("a", "none")).toBeDefined();
  });

  it("tells of records that cannot be read, and puts none in their place", async () => {
    const folder = join(root, "loop");
    await PlacementRecords.open(folder, header);
    const path = join(folder, RECORDS_FILE);
    await rm(path);
    await symlink(RECORDS_FILE, path); // To itself.
    const opened = PlacementRecords.open(folder, header);
    await expect(opened).rejects.toThrow(FollowspotError);
    await expect(opened).rejects.toThrow(/^read: .*rows\.jsonl: /);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
  });

  it("tells of a folder that cannot be made", async () => {
    const file = join(root, "file");
    await writeFile(file, "");
    const opened = PlacementRecords.open(join(file, "run"), header);
    await expect(opened).rejects.toThrow(/^write: .*a part of the path is not a folder/);
  });

  it("refuses a folder of another model", async () => {
    const folder = join(root, "other");
    await PlacementRecords.open(folder, header);
    await expect(PlacementRecords.open(folder, { ...header, digest: "xyz" })).rejects.toThrow(
      /expected records of .*xyz.*, got .*abc/,
    );
  });
});
