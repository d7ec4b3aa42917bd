// Rows that go on from a chain with distribution matching.

import { CHAIN } from "./draws.js";
import type { Row, Scale } from "./row.js";

/** How the student of one step of a run is held to what the teacher draws; of it one step is measured. */
const matching = (
  { name, round }: Scale,
  run: string,
  set: Readonly<Record<string, string>> = {},
): Pick<Row, "train" | "draws"> => ({
  train: {
    preset: `${name}-distribution`,
    set: {
      student: `{${run}}/model`,
      teacher: "{teacher}/model",
      budget: String(3 * round),
      ...set,
    },
  },
  draws: CHAIN.slice(0, 1),
});

/** A chain whose student of one step then learns to draw what the teacher draws, taken together: three rounds' budget more. */
export function distributionRows(scale: Scale): Row[] {
  const title = "progressive distillation, then distribution matching";
  return [
    { name: "matched", title, ...matching(scale, "pd") },
    {
      // Whether it was the number of updates that kept it from its teacher.
      name: "matched-again",
      title: `${title}, once more`,
      ...matching(scale, "matched", { seed: "2" }),
    },
    {
      // Grain is seen in little noise alone.
      name: "matched-fine",
      title: `${title}, compared at t below 0.5`,
      ...matching(scale, "pd", { "compare.to": "0.5" }),
    },
    ...scale.seeds.map((seed) => {
      return {
        name: `matched-seed${seed}`,
        title,
        ...matching(scale, `pd-seed${seed}`, { seed: String(seed) }),
      };
    }),
    {
      name: "matched-guided",
      title: `${title}, both of a guided teacher`,
      ...matching(scale, "pd-guided", { guidance: '{"scale":1.3}' }),
    },
    {
      name: "matched-half",
      title: "progressive distillation, then distribution matching, half the budget each",
      ...matching(scale, "pd-half", { budget: String(2 * scale.round) }),
    },
  ];
}
