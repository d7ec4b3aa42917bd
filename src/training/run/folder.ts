// The folders of runs: numbered, never overwritten, and found again.

import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import { isVacant } from "../../io/atomic-folder.js";
import { fileError, systemCode } from "../../io/file-error.js";
import { readJsonAs, readJsonObject, writeJson } from "../../io/json.js";
import type { JsonObject } from "../../io/json.js";

const NUMBERED = /^(\d{5,})-(.+)$/;
const DIGITS = 5;

interface NumberedRun {
  readonly folder: string;
  readonly number: number;
  readonly name: string;
}

/** The numbered runs under a folder, oldest first; none when there is no such folder. */
async function runsIn(root: string): Promise<NumberedRun[]> {
  const names = await readdir(root).catch(() => [] as string[]);
  const runs = names.flatMap((folder) => {
    const match = NUMBERED.exec(folder);
    return match ? [{ folder, number: Number(match[1]), name: match[2]! }] : [];
  });
  return runs.sort((a, b) => a.number - b.number);
}

/**
 * Makes the folder of a new run, `<root>/00001-<name>` with the next free number. Two processes never
 * get the same.
 *
 * @throws FollowspotError when the system refuses
 */
export async function createRun(root: string, name: string): Promise<string> {
  await makeFolder(root);
  let number = ((await runsIn(root)).at(-1)?.number ?? 0) + 1;
  for (;;) {
    const folder = join(root, `${String(number).padStart(DIGITS, "0")}-${name}`);
    if (await claim(folder)) return folder;
    number++;
  }
}

/** Makes a folder that was not there; false when it was. */
async function claim(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw fileError("train", folder, error);
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError("train", folder, error);
  }
}

/**
 * Makes the folder of a new run where a person wants it.
 *
 * @throws FollowspotError when something lies there
 */
export async function claimRun(folder: string): Promise<string> {
  if (!(await isVacant(folder))) {
    throw new FollowspotError(
      `train: ${folder}: expected a new or an empty folder, got one in use.`,
      {
        remedy: `Choose another folder, or go on with that run: --resume ${folder}.`,
      },
    );
  }
  await makeFolder(folder);
  return folder;
}

/** A run to go on with. */
export interface FoundRun {
  readonly folder: string;
  /** Folders of newer runs that were passed over: they lack what says what they are. */
  readonly passedOver: readonly string[];
}

/**
 * The folder of a run to go on with.
 *
 * @param wanted - a folder, or "latest": the newest whole numbered run
 * @param name - of which alone "latest" is one; of any when absent
 * @throws FollowspotError listing the runs that there are when it is none of them
 */
export async function findRun(wanted: string, root: string, name?: string): Promise<FoundRun> {
  const runs = await runsIn(root);
  const named = runs.filter((run) => name === undefined || run.name === name);
  const own = named.map((run) => join(root, run.folder));
  if (wanted === "latest") {
    // A kill at a run's birth leaves a folder without them.
    const newest = own.findLastIndex(isWhole);
    if (newest >= 0) return { folder: own[newest]!, passedOver: own.slice(newest + 1) };
  } else if (!(await isVacant(wanted))) return { folder: wanted, passedOver: [] };
  const known = runs.map((run) => run.folder).join(", ") || "none";
  const none = own.length > 0 ? `none with ${RUN_FILES}` : "none";
  const [expected, got] =
    wanted === "latest"
      ? [name === undefined ? "a run" : `a run of ${name}`, none]
      : ["the folder of a run", wanted];
  throw new FollowspotError(
    `resume: expected ${expected}, got ${got}. Runs under ${root}: ${known}.`,
    { remedy: "Begin one with `followspot train`." },
  );
}

const factsSchema = z.object({
  /** The preset's name, or that of the configuration's file. */
  name: z.string(),
  /** Version of followspot that began the run. */
  followspot: z.string(),
  /** Threads of one operator: results are bit-identical at one number only. */
  threads: z.int().positive(),
  /** Digests of the configurations that the run has had, oldest first: its checkpoints bear one of them. */
  digests: z.array(z.string()).min(1),
  /** Digests of the models that it goes on from, by the keys that name their folders; runs of before have none. */
  parents: z.record(z.string(), z.string()).optional(),
});

/** What a run remembers besides its configuration. */
export type RunFacts = z.infer<typeof factsSchema>;

const FACTS = "run.json";
const CONFIG = "config.json";
const RUN_FILES = `${FACTS} and ${CONFIG}`;
const factsPath = (folder: string): string => join(folder, FACTS);
const configPath = (folder: string): string => join(folder, CONFIG);

const isWhole = (folder: string): boolean =>
  existsSync(factsPath(folder)) && existsSync(configPath(folder));

/** Writes what a run is: run.json and config.json. */
export async function writeRun(folder: string, facts: RunFacts, config: unknown): Promise<void> {
  await writeJson(factsPath(folder), facts);
  await writeJson(configPath(folder), config);
}

/**
 * What a run is: its facts and the contents of its config.json.
 *
 * @throws FollowspotError when the folder is not that of a run
 */
export async function readRun(folder: string): Promise<{ facts: RunFacts; config: JsonObject }> {
  if (!isWhole(folder)) {
    throw new FollowspotError(
      `resume: ${folder}: expected the folder of a run, with ${RUN_FILES}, got another.`,
      { remedy: "Nothing was trained there if it lacks one of them: begin a new run." },
    );
  }
  const facts = await readJsonAs(factsPath(folder), factsSchema);
  return { facts, config: await readJsonObject(configPath(folder)) };
}
