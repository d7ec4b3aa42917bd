// What was measured, as text for people.

import type { GroupResult, Measured } from "./groups.js";
import type { Share } from "./profile.js";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly onnxruntime: string;
}

/** All that a run measured: what --json prints. */
export interface Report {
  readonly date: string;
  readonly machine: Machine;
  readonly threads: number;
  readonly rounds: number;
  readonly quick: boolean;
  /** Model GFLOP of one SD-1.5 latent at 64x64 with 77 tokens. */
  readonly sd15Gflop: number;
  readonly groups: readonly GroupResult[];
  /** Time by kind of operator in training steps. */
  readonly profiles: Readonly<Record<string, readonly Share[]>>;
  /** Peak resident MiB of processes that train the reference network. */
  readonly trainingMemoryMiB: Readonly<Record<string, number>>;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
}

const fixed = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? "";

const HEAD = [
  "",
  "ms",
  "fastest",
  "slowest",
  "GFLOP",
  "GFLOP/s",
  "of yardstick",
  "compared",
  "M",
  "open s",
];

function row(work: Measured): string[] {
  const { name, milliseconds, range, gflop, gflopPerSecond, ratio, parameters } = work;
  const compared =
    work.slower !== undefined
      ? `${work.slower.toFixed(2)} x ours`
      : work.ofFirst !== undefined
        ? `${work.ofFirst.toFixed(3)} x plain`
        : "";
  return [
    name,
    fixed(milliseconds, 1),
    fixed(range[0], 1),
    fixed(range[1], 1),
    fixed(gflop, 2),
    fixed(gflopPerSecond, 0),
    fixed(ratio, 3),
    compared,
    fixed(parameters === undefined ? undefined : parameters / 1e6, 2),
    fixed(work.openSeconds, 1),
  ];
}

/** A group as lines. */
export function groupLines({ name, batch, works, notices }: GroupResult): string[] {
  const lines = works.length > 0 ? table([HEAD, ...works.map(row)]) : [];
  return [`${name}, batch ${batch}`, ...lines, ...notices, ""];
}

/** Kinds of operators that take less than this are summed. */
const SMALL_SHARE = 0.01;

/** A profile as lines. */
export function profileLines(name: string, shares: readonly Share[]): string[] {
  const large = shares.filter(({ share }) => share >= SMALL_SHARE);
  const rest = shares.filter(({ share }) => share < SMALL_SHARE);
  const other: Share = {
    operator: `${rest.length} others`,
    milliseconds: rest.reduce((sum, each) => sum + each.milliseconds, 0),
    share: rest.reduce((sum, each) => sum + each.share, 0),
    nodes: rest.reduce((sum, each) => sum + each.nodes, 0),
  };
  const rows = [...large, other].map(({ operator, milliseconds, share, nodes }) => [
    operator,
    milliseconds.toFixed(1),
    `${(100 * share).toFixed(1)} %`,
    String(nodes),
  ]);
  return [`where the time of ${name} goes`, ...table([["", "ms", "share", "nodes"], ...rows]), ""];
}

/** The machine and the settings as lines. */
export function headLines({ machine, threads, rounds, quick, sd15Gflop }: Report): string[] {
  const { processor, cores, memoryGiB, node, onnxruntime } = machine;
  return [
    `${processor}, ${cores} cores, ${memoryGiB.toFixed(0)} GiB; Node ${node}, ONNX Runtime ${onnxruntime}`,
    `${threads} threads, medians of ${rounds} alternating rounds${quick ? ", quick: the batches are too small for figures" : ""}`,
    `model FLOPs of one SD-1.5 latent at 64x64 with 77 tokens: ${sd15Gflop.toFixed(1)} GFLOP`,
    "",
  ];
}
