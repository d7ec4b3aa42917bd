// Does a noun's cross-attention look where the thing is, and do the trailing positions carry the caption?
// The observation that Directed Diffusion stands on, measured on held-out rendered scenes.
//
//   npx tsx bench/localisation/main.ts [--model models/stage] [--count 500] [--output FILE]

import { parseArgs } from "node:util";
import { writeJson } from "../../src/io/json.js";
import { LocalisationProbe } from "./probe.js";
import { heldOutScenes } from "./scenes.js";

const LEVELS = [0.6, 0.75, 0.9]; // fractions of the timestep range
const GATE = 2.5; // mass in the box over the box's share of the picture

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/stage" },
    count: { type: "string", default: "500" },
    output: { type: "string" },
  },
});

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

const probe = await LocalisationProbe.open(values.model);
const scenes = await heldOutScenes(probe.tokenizer, Number(values.count));
const byLevel: Record<
  string,
  { things: number; concentration: number; mass: number; area: number }
> = {};
const bySite = new Map<string, number[]>();
for (const level of LEVELS) {
  const found = await probe.concentrations(scenes, level);
  byLevel[level] = {
    things: found.length,
    concentration: mean(found.map(({ mass, area }) => mass / area)),
    mass: mean(found.map(({ mass }) => mass)),
    area: mean(found.map(({ area }) => area)),
  };
  for (const { sites } of found) {
    for (const [site, ratio] of Object.entries(sites))
      bySite.set(site, [...(bySite.get(site) ?? []), ratio]);
  }
  console.log(
    `t = ${level}: ${byLevel[level].concentration.toFixed(2)}x over ${found.length} things`,
  );
}
const swaps = await probe.swaps(scenes, 0.75);
const sites = Object.fromEntries([...bySite].map(([site, ratios]) => [site, mean(ratios)]));
const trailing = mean(swaps.map(({ trailing }) => trailing));
const words = mean(swaps.map(({ words }) => words));
const overall = mean(Object.values(byLevel).map(({ concentration }) => concentration));
console.log(
  `by site: ${Object.entries(sites)
    .map(([s, r]) => `${s} ${r.toFixed(2)}x`)
    .join(", ")}`,
);
console.log(
  `change of x0 when swapped: trailing ${trailing.toFixed(4)}, words ${words.toFixed(4)} (${swaps.length} pairs)`,
);
console.log(`gate ${GATE}x: ${overall >= GATE ? "passed" : "missed"} with ${overall.toFixed(2)}x`);
if (values.output) {
  const result = {
    scenes: scenes.length,
    gate: GATE,
    overall,
    byLevel,
    sites,
    swap: { trailing, words, pairs: swaps.length },
  };
  await writeJson(values.output, result);
}
