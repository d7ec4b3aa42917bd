// Rows whose last round of a chain is trained again, longer, under a critic, and without one beside it.

import { CHAIN } from "./draws.js";
import type { Row, Scale } from "./row.js";

/**
 * The last round of a chain once more, from its student of two steps: with three rounds' budget as distribution matching
 * has, or, after rounds of half the budget, with what is left of a whole chain's.
 */
export function judgedRows({ name, peak, first, round, seeds }: Scale): Row[] {
  const title = "progressive distillation, the last round longer";
  const even =
    "progressive distillation, rounds of half the budget, the last with the rest of a chain's";
  // A chain has a round more than log2(first), and those before the last have spent half of theirs.
  const rest = { budget: String(((2 + Math.log2(first)) / 2) * round) };
  const last = (chain: string, set: Readonly<Record<string, string>>) => ({
    train: {
      preset: `${name}-progressive`,
      set: {
        parent: `{${chain}}/students/2`,
        "rounds.first": "1",
        budget: String(3 * round),
        "learning_rate.warmup": "20",
        "learning_rate.peak": peak,
        ...set,
      },
    },
    draws: CHAIN.slice(0, 1),
  });
  const critic = { adversarial: '{"weight":0.3,"network":"{teacher}/model"}' };
  return [
    { name: "longer", title, ...last("pd", {}) },
    { name: "judged", title: `${title}, under a critic`, ...last("pd", critic) },
    { name: "longer-half", title: even, ...last("pd-half", rest) },
    {
      name: "judged-half",
      title: `${even}, under a critic`,
      ...last("pd-half", { ...critic, ...rest }),
    },
    ...seeds.map((seed) => ({
      name: `judged-seed${seed}`,
      title: `${title}, under a critic`,
      ...last(`pd-seed${seed}`, { ...critic, seed: String(seed) }),
    })),
  ];
}
