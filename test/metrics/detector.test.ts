// The shipped detector on rendered scenes, and its published figures against its own folder.

import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { loadDetector } from "../../src/metrics/detector/index.js";
import type { JudgedPicture } from "../../src/metrics/detector/index.js";
import { qualityOf, visibleShares } from "../../src/metrics/detector/index.js";
import { detectorMarkdown } from "../../src/metrics/detector/report.js";
import type { DetectorReport } from "../../src/metrics/detector/report.js";
import { PICTURE_SIDE } from "../../src/training/detector/layout.js";
import { labelledScene } from "../../src/training/detector/scenes.js";
import { loadDrawings } from "../../src/training/scenes/index.js";

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const FOLDER = pathOf("models/detector");
const RESULTS = "docs/results/detector";
const published = JSON.parse(
  readFileSync(pathOf(`${RESULTS}/detector.json`), "utf8"),
) as DetectorReport;
const detector = await loadDetector(FOLDER, nodeRuntime(), { threads: 1 });
afterAll(() => detector.release());

describe("the shipped detector", () => {
  it("is under 1.5 MB", () => {
    expect(statSync(`${FOLDER}/model.safetensors`).size).toBeLessThan(1.5e6);
  });

  it("finds what new rendered scenes show, and little else", async () => {
    const drawings = await loadDrawings();
    const generator = new Generator(987_654n);
    const pictures: JudgedPicture[] = [];
    for (let index = 0; index < 200; index++) {
      const { scene, rgb, things } = labelledScene(generator, drawings);
      const shares = visibleShares(scene, drawings);
      const picture = { width: PICTURE_SIDE, height: PICTURE_SIDE, data: rgb };
      pictures.push({
        things: things.map((thing, k) => ({ ...thing, visible: shares[k]! })),
        detections: await detector.detect(picture),
      });
    }
    const quality = qualityOf(pictures);
    // The published figures, with about three deviations of so few pictures.
    expect(quality.recall).toBeGreaterThan(0.965);
    expect(quality.wrongColour).toBeLessThan(0.02);
    expect(quality.falseFinds).toBeLessThan(0.055);
  });
});

describe("the published figures", () => {
  it("are of this detector's threshold", () => {
    expect(published.threshold).toBe(detector.threshold);
  });

  it("reach the goals: recall 95 %, false finds on at most 3 % of the pictures", () => {
    expect(published.test.recall).toBeGreaterThanOrEqual(0.95);
    expect(published.test.falseFinds).toBeLessThanOrEqual(0.03);
  });

  it("are those of the page beside them", () => {
    expect(readFileSync(pathOf(`${RESULTS}/README.md`), "utf8")).toBe(detectorMarkdown(published));
  });
});
