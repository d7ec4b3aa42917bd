import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { decodedScenes } from "./decoded.js";

const folder = await mkdtemp(join(tmpdir(), "followspot-decoded-"));
afterAll(() => rm(folder, { recursive: true }));

it("makes no scenes anew when those that are there cannot be read", async () => {
  await mkdir(join(folder, "decoded.rgb"));
  const never = (): never => {
    throw new Error("nothing is to be made");
  };
  await expect(decodedScenes(never, 1, folder, never)).rejects.toThrow(/^read: .*it is a folder/);
});
