// How often the two judges say the same of the solids that were asked for.

import { centreIn, intersectionOverUnion } from "./boxes.js";
import type { Detection } from "./detector/decode.js";
import { matchTargets } from "./placement.js";
import type { PlacementTarget } from "./placement.js";

export interface Agreement {
  /** Solids asked for. */
  readonly asked: number;
  /** Both judges find the solid in its colour, or neither does: share of those asked for. */
  readonly onPresence: number;
  /** The two boxes share at least half of their joint area: share of those that both find. */
  readonly onPlace: number;
  /** Both put the centre in the box asked for, or neither does: share of those that both find. */
  readonly onCentre: number;
}

interface Judged {
  readonly detections: readonly Detection[];
  readonly secondJudge: readonly Detection[];
}

/** The find of a solid in the colour asked for, if there is one. */
function findOf(detections: readonly Detection[], target: PlacementTarget): Detection | undefined {
  const [find] = matchTargets(detections, [target]);
  return find?.colour === target.colour ? find : undefined;
}

/** Agreement over pictures, `asked[i]` being what picture `i` was to show; shares are 1 where nothing was asked for. */
export function agreementOf(
  pictures: readonly Judged[],
  asked: readonly { readonly boxes: readonly PlacementTarget[] }[],
): Agreement {
  let [count, presence, both, place, centre] = [0, 0, 0, 0, 0];
  pictures.forEach(({ detections, secondJudge }, index) => {
    for (const target of asked[index]!.boxes) {
      if (target.colour === null) continue;
      count++;
      const [a, b] = [findOf(detections, target), findOf(secondJudge, target)];
      if ((a === undefined) === (b === undefined)) presence++;
      if (!a || !b) continue;
      both++;
      if (intersectionOverUnion(a.box, b.box) >= 0.5) place++;
      if (centreIn(a.box, target.box) === centreIn(b.box, target.box)) centre++;
    }
  });
  const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 1);
  return {
    asked: count,
    onPresence: share(presence, count),
    onPlace: share(place, both),
    onCentre: share(centre, both),
  };
}
