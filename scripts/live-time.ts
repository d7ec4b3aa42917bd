// How soon a picture follows a moved box: milliseconds of the shipped student, through the library as examples/live.ts calls it.
//
//   npx tsx scripts/live-time.ts      # on an idle machine

import { loadPipeline } from "../src/index.js";

/** Places of the box, the first few of which make room and warm up. */
const PLACES = 30;
const WARMUP = 5;

const pipe = await loadPipeline("stage-live");

async function millisecondsAt(left: number, steps: number): Promise<number> {
  const begun = performance.now();
  await pipe.pictures({
    prompt: "a red cube and a yellow sphere on a beach",
    boxes: [
      { words: "red cube", box: [left, 0.06, left + 0.4, 0.46] },
      { words: "yellow sphere", box: [0.1, 0.56, 0.46, 0.94] },
    ],
    seed: 7n,
    steps,
  });
  return performance.now() - begun;
}

for (const steps of [1, 2, 4]) {
  const times: number[] = [];
  for (let i = 0; i < PLACES; i++) times.push(await millisecondsAt((0.6 * i) / PLACES, steps));
  const sorted = times.slice(WARMUP).sort((a, b) => a - b);
  const [median, most] = [sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
  console.log(`${steps} evaluations: median ${median.toFixed(0)} ms, most ${most.toFixed(0)} ms`);
}
await pipe.close();
