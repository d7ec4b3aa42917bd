// README shows the method as it is coded and the figures as they were measured.

import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { currentReadme } from "../scripts/readme.js";

const README = new URL("../README.md", import.meta.url);

test("README's generated parts are current (npx tsx scripts/readme.ts writes them)", async () => {
  const text = await readFile(README, "utf8");
  expect(text).toBe(await currentReadme(text));
});
