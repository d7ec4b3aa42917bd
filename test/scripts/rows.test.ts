// The experiments of docs/results/sferd: rows follow from earlier ones, by presets that exist.

import { describe, expect, it } from "vitest";
import { EXPERIMENTS } from "../../scripts/sferd/experiments.js";
import type { Row } from "../../scripts/sferd/row.js";
import { parseOverride } from "../../src/cli/train.js";
import { taskOf } from "../../src/distillation/kinds.js";
import { listPresets, readDocument, withOverrides } from "../../src/training/run/document.js";

/** Runs and samples that texts name in braces. */
const namedIn = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => [...text.matchAll(/\{([\w/-]+)\}/g)].map(([, name]) => name!));
const needed = ({ train }: Row): string[] => namedIn(Object.values(train?.set ?? {}));
const drawn = ({ draws }: Row): string[] => namedIn(draws.map(({ model }) => model));

describe.each(Object.entries(EXPERIMENTS))("the rows of %s", (_name, { rows }) => {
  it("have names of their own and need earlier ones alone", () => {
    const made = new Set<string>();
    for (const row of rows) {
      expect(made.has(row.name), row.name).toBe(false);
      for (const name of needed(row)) expect([...made], row.name).toContain(name);
      made.add(row.name);
      for (const name of drawn(row)) expect([...made], row.name).toContain(name);
      for (const { steps } of row.draws) made.add(`samples/${row.name}-${steps}`);
    }
  });

  it("change what their presets have", async () => {
    const presets = await listPresets();
    for (const { name, train } of rows) {
      if (!train) continue;
      expect(presets, name).toContain(train.preset);
      const { document } = await readDocument(train.preset);
      const told = Object.entries(train.set).map((pair) => parseOverride(pair.join("=")));
      const changed = withOverrides(document, taskOf(document).config, Object.fromEntries(told));
      expect(() => taskOf(changed), name).not.toThrow();
    }
  });
});
