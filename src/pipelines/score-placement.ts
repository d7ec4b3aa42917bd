// Whether things landed in their boxes, as the shipped detector sees it: for models that know what it knows.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Picture } from "../io/image.js";
import { findPackageRoot } from "../io/package-root.js";
import type { Detector } from "../metrics/detector/index.js";
import { scorePicture } from "../metrics/placement.js";
import type { PlacementTarget, ThingScore } from "../metrics/placement.js";
import { COLOURS, NOUNS } from "../training/scenes/index.js";
import type { Box } from "./box.js";
import type { PlacementScore } from "./draw-request.js";

/** A box's words and where their thing was to stand. */
export interface JudgedBox {
  readonly words: string;
  readonly box: Box;
}

/** The folder of the detector that ships with the package; undefined where none does. */
export function shippedDetector(): string | undefined {
  const root = findPackageRoot();
  const folder = root && join(root, "models", "detector");
  return folder && existsSync(join(folder, "config.json")) ? folder : undefined;
}

/** What the detector calls the thing that words name, such as "red cube"; undefined where it knows no such thing. */
export function targetOf({ words, box }: JudgedBox): PlacementTarget | undefined {
  const parts = words
    .toLowerCase()
    .replace(/#\d+$/, "")
    .split(/[^a-z]+/);
  const noun = NOUNS.find((name) => parts.includes(name));
  return noun && { noun, colour: COLOURS.find((name) => parts.includes(name)) ?? null, box };
}

/** Looks at pictures with the detector, opened at the first look. */
export class PlacementJudge {
  private detector: Promise<Detector> | undefined;

  /**
   * @param open - opens the detector
   * @param known - words that the model was trained on; of pictures of other things the detector knows nothing
   */
  constructor(
    private readonly open: () => Promise<Detector>,
    private readonly known: ReadonlySet<string>,
  ) {}

  /** Each box's score; undefined where the detector does not know its thing. */
  async score(
    picture: Picture,
    boxes: readonly JudgedBox[],
  ): Promise<(PlacementScore | undefined)[]> {
    const targets = boxes.map((box) => {
      const target = targetOf(box);
      return target && this.known.has(target.noun) ? target : undefined;
    });
    const judged = targets.filter((target) => target !== undefined);
    if (judged.length === 0) return targets.map(() => undefined);
    const detections = await (await this.opened()).detect(picture);
    const { things } = scorePicture(detections, judged, null);
    return targets.map((target) => target && placementScore(things[judged.indexOf(target)]!));
  }

  private opened(): Promise<Detector> {
    if (this.detector) return this.detector;
    const opening = this.open();
    this.detector = opening;
    // What failed may be asked for again.
    opening.catch(() => (this.detector = undefined));
    return opening;
  }

  /** Frees the detector. */
  async release(): Promise<void> {
    await (await this.detector)?.release();
  }
}

function placementScore({ found, colourRight, centreInBox, iou }: ThingScore): PlacementScore {
  return { found, centreInBox, iou, ...(colourRight === null ? {} : { colourRight }) };
}
