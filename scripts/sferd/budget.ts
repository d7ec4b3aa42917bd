// What a row costs to make, in network evaluations times pictures: as its settings plan it, students before it included.

import type { Draw, Row } from "./row.js";

/** Pictures that a row's draw has if nothing else is said. */
const DRAWN = 10_000;

/** A round a halving, from the chain's first student to that of `steps`. */
const roundsTo = (first: number, steps: number): number => Math.log2(first / steps) + 1;

/** What rows cost, by what they go on from. */
export class Budget {
  private readonly rows: ReadonlyMap<string, Row>;

  constructor(rows: readonly Row[]) {
    this.rows = new Map(rows.map((row) => [row.name, row]));
  }

  /** Of what a draw of a row asks; 0 where that is a teacher's. The small network of latents counts nothing. */
  planned(row: Row, { model }: Draw): number {
    return model.startsWith("{") ? this.ofPath(model) : this.ofRun(row, model);
  }

  /** Of a run's folder `model` or `students/K`. */
  private ofRun(row: Row, folder: string): number {
    const { preset = "", set = {} } = row.train ?? {};
    // A teacher follows from nothing; what its training costs is the same for all rows.
    if (set["parent"] === undefined && set["student"] === undefined) return 0;
    if (preset.endsWith("-latent")) return this.ofPath(set["parent"]!);
    const before = ["parent", "student", "data.path"].map((key) => this.ofPath(set[key] ?? ""));
    const sum = before.reduce((total, each) => total + each, 0);
    const budget = Number(set["budget"]);
    if (!preset.includes("-progressive")) return sum + budget;
    const steps = Number(/^students\/(\d+)$/.exec(folder)?.[1] ?? 1);
    return sum + budget * roundsTo(Number(set["rounds.first"]), steps);
  }

  /** Of what a setting names: a run's folder or pictures that were drawn for it. */
  private ofPath(text: string): number {
    const [, samples] = /^\{samples\/([\w-]+)\}$/.exec(text) ?? [];
    if (samples !== undefined) return this.ofSamples(samples);
    const [, name, folder] = /^\{([\w-]+)\}\/(.+)$/.exec(text) ?? [];
    return name === undefined ? 0 : this.ofRun(this.rowOf(name), folder!);
  }

  private ofSamples(measure: string): number {
    const [, name, steps] = /^(.+)-(\d+)$/.exec(measure)!;
    const row = this.rowOf(name!);
    const draw = row.draws.find((each) => each.steps === Number(steps))!;
    const evaluations = draw.attentionGuidance === undefined ? 1 : 2;
    return this.planned(row, draw) + evaluations * draw.steps * (draw.count ?? DRAWN);
  }

  private rowOf(name: string): Row {
    const row = this.rows.get(name);
    if (!row) throw new Error(`sferd: expected a row named ${name}, got none.`);
    return row;
  }
}
