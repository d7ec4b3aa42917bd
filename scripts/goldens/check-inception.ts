// Compares the features of a weights file with stored spatial means: npx tsx scripts/goldens/check-inception.ts WEIGHTS GOLDEN.json
// The exit code is 1 where a map differs by more than the tolerance.

import { compareWithGolden, TOLERANCE } from "./inception-golden.js";

async function check(weightsPath: string, goldenPath: string): Promise<void> {
  const { weights, differences } = await compareWithGolden(weightsPath, goldenPath);
  const reach = weights.complete ? "complete" : "through mixed_8";
  console.log(`weights ${weights.digest.slice(0, 12)}, ${reach}`);
  for (const { name, values, largest, isClose } of differences) {
    const verdict = isClose ? "" : `, expected at most ${TOLERANCE}`;
    console.log(
      `${name}: largest difference ${largest.toExponential(2)} of ${values} values${verdict}`,
    );
  }
  if (!differences.every(({ isClose }) => isClose)) process.exitCode = 1;
}

const [weightsPath, goldenPath] = process.argv.slice(2);
if (weightsPath === undefined || goldenPath === undefined) {
  console.error("check-inception: expected WEIGHTS and GOLDEN.json, got fewer arguments.");
  process.exitCode = 2;
} else await check(weightsPath, goldenPath);
