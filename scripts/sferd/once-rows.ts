// The rows of an experiment that goes the whole way once.

import { CHAIN, FEW, teacherDraws } from "./draws.js";
import type { Row, Scale } from "./row.js";

const GUIDANCE = '{"scale":1.3}';

/** The chain of a guided teacher. */
const chainRow = ({ name, peak, first, round }: Scale): Row => ({
  name: "pd-guided",
  title: "progressive distillation, guided teacher",
  train: {
    preset: `${name}-progressive`,
    set: {
      parent: "{teacher}/model",
      "rounds.first": String(first),
      guidance: GUIDANCE,
      budget: String(round),
      "learning_rate.peak": peak,
      "learning_rate.warmup": "20",
    },
  },
  draws: CHAIN.map((draw) => ({ ...draw, count: FEW })),
});

/** A way from pictures with classes to a picture in one step, once: teacher, chain of a guided teacher, matching. */
export function onceRows(scale: Scale): Row[] {
  const { name, teacher, tried, round } = scale;
  return [
    {
      name: "teacher",
      title: "teacher, DDIM, classifier-free guidance of 1.5",
      train: { preset: name, set: teacher },
      draws: teacherDraws("ddim", tried),
    },
    chainRow(scale),
    {
      name: "matched-guided",
      title: "progressive distillation, then distribution matching, both of a guided teacher",
      train: {
        preset: `${name}-distribution`,
        set: {
          student: "{pd-guided}/model",
          teacher: "{teacher}/model",
          guidance: GUIDANCE,
          budget: String(3 * round),
        },
      },
      draws: [{ model: "model", steps: 1, count: FEW }],
    },
  ];
}
