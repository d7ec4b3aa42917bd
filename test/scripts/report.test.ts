// The table of docs/results/sferd: seeds of a row share a line, and columns are those of the judges that looked.

import { describe, expect, it } from "vitest";
import type { Measure } from "../../scripts/sferd/report.js";
import { sferdMarkdown } from "../../scripts/sferd/report.js";

type Distribution = NonNullable<Measure["distribution"]>;
type Digits = NonNullable<Measure["digits"]>;

function measure(row: string, judged: { digits?: number; inception?: number }): Measure {
  const { digits, inception } = judged;
  const picture = { network: 1, predictor: 0, latentNetwork: 0, encoder: 0 };
  const set = { count: 10, of: 20, digest: "0123456789abcdef", resizing: "as they are" };
  const sample = { steps: 1, count: 10, evaluations: { picture, total: picture } };
  return {
    ...{ row, title: row.replace(/-seed.*/, ""), planned: 76800 },
    sample: sample as unknown as Measure["sample"],
    ...(digits && {
      digits: { frechet: digits, precision: 0.5, recall: 0.25, sure: 0.75 } as Digits,
    }),
    ...(inception && {
      distribution: {
        ...{ frechet: inception, kernel: { mean: 0.001 }, precision: 0.5, recall: 0.125 },
        ...{ pictures: set, reference: set, input: "bilinear", weights: { digest: "abc" } },
      } as unknown as Distribution,
    }),
  };
}

const linesOf = (...measures: Measure[]): string[] =>
  sferdMarkdown("some", measures)
    .split("\n")
    .filter((line) => line.startsWith("|"));

describe("the table of an experiment", () => {
  it("has the figures of both judges, a dash where one did not look", () => {
    const [head, , first, second] = linesOf(
      measure("pd", { digits: 4, inception: 1 }),
      measure("cd", { digits: 2 }),
    );
    expect(head).toContain(
      "FD-digits | precision | recall | sure | FD-768 | KID x 1000 | precision | recall |",
    );
    expect(first).toBe(
      "| pd | 1 | 1 | - | 1 | 10 | 76,800 | - | 4.00 | 0.500 | 0.250 | 0.750 | 1.000 | 1.00 | 0.500 | 0.125 |",
    );
    expect(second).toBe(
      "| cd | 1 | 1 | - | 1 | 10 | 76,800 | - | 2.00 | 0.500 | 0.250 | 0.750 | - | - | - | - |",
    );
  });

  it("has what Inception says of a black background where that was asked", () => {
    const painted = { count: 10, black: 0.75, dim: 0.125, frechet: 0.5 };
    const [head, , first, second] = linesOf(
      { ...measure("pd", { digits: 4, inception: 1 }), painted },
      measure("cd", { digits: 2, inception: 1 }),
    );
    expect(head).toContain("| KID x 1000 | precision | recall | black | dim | FD-768, painted |");
    expect(first).toContain("| 1.000 | 1.00 | 0.500 | 0.125 | 0.750 | 0.125 | 0.500 |");
    expect(second).toContain("| 1.000 | 1.00 | 0.500 | 0.125 | - | - | - |");
  });

  it("has the contrast of photographs, beside the training set's", () => {
    const contrast = { count: 100, pictures: 0.25, data: 0.401 };
    const measures = [{ ...measure("pd", { inception: 1 }), contrast }, measure("cd", {})];
    const [head, , first, second] = linesOf(...measures);
    expect(head).toContain("| precision | recall | contrast |");
    expect(first).toContain("| 0.125 | 0.250 |");
    expect(second).toContain("| - | - |");
    expect(sferdMarkdown("some", measures)).toContain("100 pictures; the training set has 0.401.");
  });

  it("has Inception's precision and recall where no digits were judged", () => {
    const [head, , first] = linesOf(measure("pd", { inception: 1 }));
    expect(head).toContain(
      "| pictures | planned | spent | FD-768 | KID x 1000 | precision | recall |",
    );
    expect(first).toBe("| pd | 1 | 1 | - | 1 | 10 | 76,800 | - | 1.000 | 1.00 | 0.500 | 0.125 |");
  });

  it("has what a model cost as it was planned and as its folder tells, nothing for a teacher", () => {
    const [, , first, second] = linesOf(
      { ...measure("pd", { inception: 1 }), spent: 76_032 },
      { ...measure("teacher", { inception: 1 }), planned: 0, spent: 0 },
    );
    expect(first).toContain("| 10 | 76,800 | 76,032 | 1.000 |");
    expect(second).toContain("| 10 | - | - | 1.000 |");
  });

  it("tells all numbers of pictures that seeds were drawn in", () => {
    const fewer = measure("pd-seed2", { inception: 1 });
    const sample = { ...fewer.sample, count: 5 };
    const [, , line] = linesOf(measure("pd", { inception: 1 }), { ...fewer, sample });
    expect(line).toContain("| 2 | 10, 5 |");
  });

  it("joins seeds, and sets rows of several beside progressive distillation", () => {
    const lines = linesOf(
      ...[measure("pd", { inception: 1 }), measure("pd-seed2", { inception: 4 })],
      ...[measure("cd", { inception: 1 }), measure("cd-seed2", { inception: 1 })],
    );
    expect(lines[2]).toContain("| 2 | 10 | 76,800 | - | 2.500 (1.000 to 4.000) |");
    expect(lines[4]).toBe("| one step, of the base | FD-768 | 95 % |");
    // Geometric means 1 and 2.
    expect(lines[6]).toMatch(/^\| cd \| 0\.50 \| 0\.03 to \d/);
  });
});
