// What does a caption tell the network? Errors of the expected latents with the right caption, with its noun replaced by
// another of its kind, and with none, by noise level: the difference is what the network knows of the noun's shape.
//
//   npx tsx bench/localisation/captions.ts [--model models/stage] [--count 200] [--output FILE]

import { parseArgs } from "node:util";
import { writeJson } from "../../src/io/json.js";
import { DRAWINGS, SOLIDS } from "../../src/training/scenes/index.js";
import type { Noun } from "../../src/training/scenes/index.js";
import { LocalisationProbe } from "./probe.js";
import { singleScenes } from "./scenes.js";

const LEVELS = [0.3, 0.45, 0.6, 0.75, 0.9]; // fractions of the timestep range

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/stage" },
    count: { type: "string", default: "200" },
    output: { type: "string" },
  },
});

const probe = await LocalisationProbe.open(values.model);
const groups: readonly (readonly [string, readonly Noun[]])[] = [
  ["solids", SOLIDS],
  ["drawn", DRAWINGS],
];
const rows = [];
for (const [group, nouns] of groups) {
  const scenes = await singleScenes(probe.tokenizer, Number(values.count), nouns);
  const told = (caption: (scene: (typeof scenes)[number], i: number) => string) =>
    scenes.map((scene, i) => ({ ...scene, encoding: probe.tokenizer.encode(caption(scene, i)) }));
  const swapped = told(({ caption, noun }, i) => {
    const other = nouns[(nouns.indexOf(noun) + 1 + (i % (nouns.length - 1))) % nouns.length]!;
    return caption.replace(noun, other);
  });
  for (const level of LEVELS) {
    const right = await probe.error(scenes, level);
    const other = await probe.error(swapped, level);
    const none = await probe.error(
      told(() => ""),
      level,
    );
    rows.push({ group, level, right, other, none });
    console.log(
      `${group.padEnd(6)} t = ${level.toFixed(2)}: ${right.toFixed(4)}, ` +
        `another noun +${((100 * (other - right)) / right).toFixed(1)} %, ` +
        `no caption +${((100 * (none - right)) / right).toFixed(1)} %`,
    );
  }
}
if (values.output) await writeJson(values.output, { count: Number(values.count), rows });
process.exit(0);
