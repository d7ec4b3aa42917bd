// Where the time of a training step goes: ONNX Runtime's own profile, summed by kind of operator.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One entry of ONNX Runtime's profile (Chrome's trace event format); times in microseconds. */
interface TraceEvent {
  readonly cat?: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

export interface Share {
  readonly operator: string;
  readonly milliseconds: number;
  /** Of the time inside operators, 0 to 1. */
  readonly share: number;
  readonly nodes: number;
}

/** Time by kind of operator in the last run that a profile holds, longest first. */
export function sharesOf(events: readonly TraceEvent[]): Share[] {
  const runs = events.filter(({ cat, name }) => cat === "Session" && name === "model_run");
  const last = runs.at(-1);
  if (!last) throw new Error("profile: expected at least one run, got none");
  const isWithin = ({ ts }: TraceEvent): boolean => ts >= last.ts && ts < last.ts + last.dur;
  const sums = new Map<string, { microseconds: number; nodes: number }>();
  for (const event of events) {
    const operator = event.args?.op_name;
    if (event.cat !== "Node" || !operator || !event.name.endsWith("_kernel_time")) continue;
    if (!isWithin(event)) continue;
    const sum = sums.get(operator) ?? { microseconds: 0, nodes: 0 };
    sums.set(operator, { microseconds: sum.microseconds + event.dur, nodes: sum.nodes + 1 });
  }
  const total = [...sums.values()].reduce((all, { microseconds }) => all + microseconds, 0);
  return [...sums]
    .map(([operator, { microseconds, nodes }]) => {
      return { operator, milliseconds: microseconds / 1000, share: microseconds / total, nodes };
    })
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** Profiles what `use` does with a session that writes to the given prefix; the files are deleted. */
export async function profiled(use: (prefix: string) => Promise<void>): Promise<Share[]> {
  const folder = await mkdtemp(join(tmpdir(), "followspot-bench-"));
  try {
    await use(join(folder, "profile"));
    const [file] = await readdir(folder);
    if (!file) throw new Error("profile: expected a file from the provider, got none");
    return sharesOf(JSON.parse(await readFile(join(folder, file), "utf8")) as TraceEvent[]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
