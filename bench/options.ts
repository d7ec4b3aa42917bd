// The options of a benchmark run.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

/** What can be measured, in the order in which it is. */
export const GROUPS = [
  "reference",
  "stage",
  "distillation",
  "directed",
  "sd15",
  "profile",
  "memory",
] as const;
export type GroupName = (typeof GROUPS)[number];

export interface BenchOptions {
  readonly only: ReadonlySet<GroupName>;
  /** One JSON object on stdout instead of tables. */
  readonly json: boolean;
  /** Small batches and few rounds: whether it runs, not how fast. */
  readonly quick: boolean;
  /** Whether the SD-1.5-size network was asked for by name. */
  readonly sd15: boolean;
  readonly threads: number;
  /** Timed rounds; each runs every work of a group once. */
  readonly rounds: number;
  /** A Python that has torch and diffusers; no peers without it. */
  readonly python: string | undefined;
  /** Whether peers are left as they are: compiling them can take many minutes. */
  readonly eager: boolean;
}

export const USAGE = `usage: npm run bench -- [--only NAME]... [--quick] [--json] [--sd15] [--eager] [--threads N] [--rounds N]
  NAME is one of ${GROUPS.join(", ")}; all when absent.
  FOLLOWSPOT_PYTHON names a Python that has torch and diffusers, to measure against them;
  --eager leaves out those that PyTorch would compile first.`;

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name}: expected a positive whole number, got ${text}`);
}

function groupName(name: string): GroupName {
  const found = GROUPS.find((group) => group === name);
  if (found) return found;
  throw new Error(`--only: expected one of ${GROUPS.join(", ")}, got ${name}`);
}

/** Options from the command line. Throws with one line when one is wrong. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      sd15: { type: "boolean", default: false },
      eager: { type: "boolean", default: false },
      threads: { type: "string" },
      rounds: { type: "string" },
    },
  });
  const { json, quick, eager } = values;
  const only = new Set(values.only.length > 0 ? values.only.map(groupName) : GROUPS);
  return {
    only,
    json,
    quick,
    eager,
    sd15: values.sd15 || (values.only.length > 0 && only.has("sd15")),
    threads: positive("--threads", values.threads ?? String(availableParallelism())),
    rounds: positive("--rounds", values.rounds ?? (quick ? "3" : "9")),
    python: process.env["FOLLOWSPOT_PYTHON"] || undefined,
  };
}
