// Rows that go on from a chain with distribution matching.

import { CHAIN } from "./draws.js";
import type { Row, Scale } from "./row.js";

/** A chain whose student of one step then learns to draw what the teacher draws, taken together: three rounds' budget more. */
export function distributionRows({ name, round, seeds }: Scale): Row[] {
  const title = "progressive distillation, then distribution matching";
  const matched = (chain: string, set: Readonly<Record<string, string>> = {}) => ({
    train: {
      preset: `${name}-distribution`,
      set: {
        student: `{${chain}}/model`,
        teacher: "{teacher}/model",
        budget: String(3 * round),
        ...set,
      },
    },
    draws: CHAIN.slice(0, 1),
  });
  return [
    { name: "matched", title, ...matched("pd") },
    {
      // Whether it was the number of updates that kept it from its teacher.
      name: "matched-again",
      title: `${title}, once more`,
      ...matched("matched", { seed: "2" }),
    },
    {
      // Grain is seen in little noise alone.
      name: "matched-fine",
      title: `${title}, compared at t below 0.5`,
      ...matched("pd", { "compare.to": "0.5" }),
    },
    ...seeds.map((seed) => {
      return {
        name: `matched-seed${seed}`,
        title,
        ...matched(`pd-seed${seed}`, { seed: String(seed) }),
      };
    }),
    {
      name: "matched-guided",
      title: `${title}, both of a guided teacher`,
      ...matched("pd-guided", { guidance: '{"scale":1.3}' }),
    },
    {
      name: "matched-half",
      title: "progressive distillation, then distribution matching, half the budget each",
      ...matched("pd-half", { budget: String(2 * round) }),
    },
  ];
}
