// What an evaluation has seen so far, one line of JSON a picture: a run that was cut short goes on where it stopped.

import { appendFile, mkdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { FollowspotError } from "../core/errors.js";
import { writeFileAtomic } from "../io/atomic.js";
import { fileError, readIfThere } from "../io/file-error.js";
import type { Detection } from "./detector/decode.js";

/** What the judges saw in one picture. */
export interface PlacementRecord {
  /** Id of the triple in the protocol. */
  readonly id: string;
  readonly method: string;
  /** Network evaluations that the picture cost. */
  readonly evaluations: number;
  /** Finds of the detector at its fixed threshold. */
  readonly detections: readonly Detection[];
  /** Finds of the judge without learning: solids only. */
  readonly secondJudge: readonly Detection[];
}

/** Identifies what the records belong to: the first line of the file. */
export type RecordsHeader = Readonly<Record<string, string | number>>;

export const RECORDS_FILE = "rows.jsonl";

/** The records of a run's folder. */
export class PlacementRecords {
  private constructor(
    private readonly path: string,
    private readonly kept: Map<string, PlacementRecord>,
  ) {}

  /**
   * Opens the records of a folder, made if need be. A last line that was cut short is dropped.
   *
   * Throws FollowspotError when the folder's records belong to another model, detector or protocol, or cannot be read.
   */
  static async open(folder: string, header: RecordsHeader): Promise<PlacementRecords> {
    await heed(folder, mkdir(folder, { recursive: true }));
    const path = join(folder, RECORDS_FILE);
    const first = JSON.stringify(header);
    const text = (await readIfThere(path, () => readFile(path, "utf8"))) ?? "";
    const end = text.lastIndexOf("\n") + 1;
    if (end === 0) {
      await writeFileAtomic(path, `${first}\n`);
      return new PlacementRecords(path, new Map());
    }
    const [found, ...lines] = text.slice(0, end - 1).split("\n");
    if (found !== first) {
      throw new FollowspotError(
        `evaluate: ${folder}: expected records of ${first}, got ${found}.`,
        {
          remedy: "Choose another folder, or remove this one.",
        },
      );
    }
    // What follows the last line's end was cut short by a kill.
    const whole = Buffer.byteLength(text.slice(0, end));
    if (end < text.length) await heed(path, truncate(path, whole));
    const records = lines.map((line) => JSON.parse(line) as PlacementRecord);
    return new PlacementRecords(path, new Map(records.map((each) => [keyOf(each), each])));
  }

  get(id: string, method: string): PlacementRecord | undefined {
    return this.kept.get(keyOf({ id, method }));
  }

  async add(record: PlacementRecord): Promise<void> {
    await heed(this.path, appendFile(this.path, `${JSON.stringify(record)}\n`));
    this.kept.set(keyOf(record), record);
  }
}

/** A change of a file, whose troubles are told to people. */
async function heed(path: string, change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    throw fileError("write", path, error);
  }
}

function keyOf({ id, method }: Pick<PlacementRecord, "id" | "method">): string {
  return `${method} ${id}`;
}
