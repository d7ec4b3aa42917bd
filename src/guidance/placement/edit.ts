// The edit of attention maps as graph values: its parameters are inputs, so that a moved box compiles nothing.

import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { add, max, mul, reshape } from "../../engine/functions.js";
import type { Graph, Value } from "../../engine/graph.js";
import type { AttentionSite, MapsFunction } from "../../nn/attention.js";
import type { Edit, Grid } from "./region.js";

/** Values of edit inputs by name, each [rows, cells, positions]. */
export type EditTensors = Readonly<Record<string, HostTensor<"float32">>>;

const PARTS = ["multiply", "relative", "absolute"] as const;
type EditPart = (typeof PARTS)[number];

/** Values that leave maps as they are, bit for bit. */
const NEUTRAL: Record<EditPart, number> = { multiply: 1, relative: 0, absolute: 0 };

/** Factors of the trailing maps, [rows, positions]: the one edit input that has a gradient. */
export const WEIGHTS = "edit.weights";
/** Ends the name of what each weight scales; it is added to the input without this ending. */
const SLOPE = ".slope";

/** The name of an edit input, such as `edit.12x12.multiply`: sites of one resolution share it. */
export function editName({ height, width }: Grid, part: EditPart): string {
  return `edit.${height}x${width}.${part}`;
}

/** What an edit input holds in rows that are not edited. Throws for a name that is no edit input's. */
export function neutralValue(name: string): number {
  if (name === WEIGHTS || name.endsWith(SLOPE)) return 0;
  const part = PARTS.find((each) => name.startsWith("edit.") && name.endsWith(`.${each}`));
  if (part) return NEUTRAL[part];
  throw new Error(`edit: expected a name such as edit.12x12.multiply, got ${name}`);
}

/** One resolution's edits, a picture each, as inputs. All must have the same parts. */
export function editTensors(grid: Grid, edits: readonly Edit[], positions: number): EditTensors {
  const parts = PARTS.filter((part) => edits.some((edit) => edit[part]));
  const cells = grid.height * grid.width;
  return Object.fromEntries(
    parts.map((part) => {
      const data = new Float32Array(edits.length * cells * positions).fill(NEUTRAL[part]);
      edits.forEach((edit, row) => {
        const values = edit[part];
        if (values) data.set(values, row * cells * positions);
      });
      return [editName(grid, part), floats([edits.length, cells, positions], data)];
    }),
  );
}

/** An edit with the same parts that changes nothing. */
export function neutralised(edit: Edit): Edit {
  const blank = ([part, values]: [string, Float32Array]): [string, Float32Array] => [
    part,
    new Float32Array(values.length).fill(NEUTRAL[part as EditPart]),
  ];
  return Object.fromEntries(Object.entries(edit).map(blank)) as unknown as Edit;
}

/** The edits of another tensor set as slopes: their share in the maps is scaled by `edit.weights`. */
export function asSlopes(tensors: EditTensors): EditTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, value]) => [`${name}${SLOPE}`, value]),
  );
}

/**
 * What a site does with its maps A [N, heads, cells, positions] under the edit inputs of its
 * resolution: A ⊙ multiply + relative · max(A) + absolute, the maximum per picture and layer.
 * Undefined where `names` holds no edit of the resolution.
 */
export function editAt(
  graph: Graph,
  names: ReadonlySet<string>,
  site: AttentionSite,
  rows: number,
): MapsFunction | undefined {
  if (site.kind !== "cross") return undefined;
  const { tokens } = site;
  const cells = site.height * site.width;
  const declare = (name: string): Value | undefined =>
    names.has(name) ? graph.input(name, "float32", [rows, cells, tokens]) : undefined;
  const weights = names.has(WEIGHTS)
    ? reshape(graph.input(WEIGHTS, "float32", [rows, tokens]), [rows, 1, tokens])
    : undefined;
  const part = (name: EditPart): Value | undefined => {
    const base = declare(editName(site, name));
    const slope = declare(`${editName(site, name)}${SLOPE}`);
    const whole = slope && weights ? add(base ?? NEUTRAL[name], mul(slope, weights)) : base;
    return whole && reshape(whole, [rows, 1, cells, tokens]);
  };
  const multiply = part("multiply");
  const relative = part("relative");
  const absolute = part("absolute");
  if (!multiply && !relative && !absolute) return undefined;
  return (maps) => {
    const scaled = multiply ? mul(maps, multiply) : maps;
    // Sums of the small [N, 1, cells, positions] first: the maps are as many times larger as there are heads.
    const peak = relative && max(maps, { axes: [1, 2, 3], keepDims: true });
    const lift = peak && mul(relative, peak);
    const offset = lift && absolute ? add(lift, absolute) : (lift ?? absolute);
    return offset ? add(scaled, offset) : scaled;
  };
}
