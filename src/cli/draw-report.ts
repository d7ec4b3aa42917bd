// Lines that tell a person what became of the boxes.
import type { BoxTokens, PlacementScore, ScoredBoxReport } from "../pipelines/draw-request.js";

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** "red cube: tokens 2 red, 3 cube" */
export const describeTokens = ({ words, tokens }: BoxTokens): string =>
  `${words}: tokens ${tokens.map(({ index, text }) => `${index} ${text}`).join(", ")}`;

/** "red cube: tokens 2 red, 3 cube; 71 % of its attention in the box; in its box (IoU 0.62)" */
export function describeBox(box: ScoredBoxReport): string {
  const attention =
    box.stepsInRange === 0
      ? "not directed, since no step lay in its range"
      : `${percent(box.attentionShare)} of its attention in the box`;
  const parts = [describeTokens(box), attention];
  if (box.placement) parts.push(describePlacement(box.placement));
  return parts.join("; ");
}

function describePlacement({ found, colourRight, centreInBox, iou }: PlacementScore): string {
  if (!found) return "not found in the picture";
  const place = `${centreInBox ? "in its box" : "outside its box"} (IoU ${iou.toFixed(2)})`;
  return colourRight === false ? `${place}, but of another colour` : place;
}
