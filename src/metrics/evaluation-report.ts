// The evaluation as a page: the tables and what their columns mean.

import type { PlacementResult } from "./evaluate-placement.js";
import { SHEET_PICTURES, sheetName } from "./evaluation-pictures.js";
import { markdownTable } from "./markdown.js";
import { differencesMarkdown, tableMarkdown } from "./placement-table.js";
import type { PlacementTableRow } from "./placement-table.js";

const percent = (share: number | null): string => (share === null ? "-" : (share * 100).toFixed(1));

function unseenMarkdown(
  seen: readonly PlacementTableRow[],
  unseen: readonly PlacementTableRow[],
): string {
  const lines = unseen.map((row) => {
    const other = seen.find(({ method }) => method === row.method);
    const pairs = (
      ["found", "colourRight", "centreInBox", "bothInBox", "relationKept"] as const
    ).map((metric) => `${percent(row[metric])} / ${percent(other?.[metric] ?? null)}`);
    return [row.method, ...pairs];
  });
  const titles = ["found", "colour right", "centre in box", "both in boxes", "relation kept"];
  return markdownTable(["method", ...titles], lines);
}

function agreementMarkdown({ details }: PlacementResult): string {
  const lines = Object.entries(details.agreement).map(
    ([method, { asked, onPresence, onPlace, onCentre }]) => {
      return [method, String(asked), ...[onPresence, onPlace, onCentre].map(percent)];
    },
  );
  const titles = ["solids asked for", "on presence", "on place", "on centre in box"];
  return markdownTable(["method", ...titles], lines);
}

/** The page that goes beside placement.json. */
export function evaluationMarkdown(result: PlacementResult): string {
  const { command, judge, model, digest, split, count, settings, details } = result;
  const facts = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  const hasUnseen = details.unseen.length > 0;
  const sheets = Object.keys(details.agreement).map((name) => `[${name}](${sheetName(name)})`);
  return `# Placement: ${model}, ${count} triples of ${split}

Made by \`${command}\`; judged by ${judge}.
Model ${digest}${facts.length > 0 ? `; ${facts.join(", ")}` : ""}.
The first ${Math.min(count, SHEET_PICTURES)} pictures, unselected: ${sheets.join(", ")}.
The box of the thing named first is dark, the second's white, the judge's finds are pink.

Shares in percent with 95 % bootstrap intervals. "found" and "mean IoU" are of the things asked for,
"colour right" of the solids found, "centre in box" of the pictures with one box, "both in boxes" and
"relation kept" of those with two; what is not found counts as misplaced.
"chance" scores plain pictures against another triple's boxes; "ceiling" is the renderer through the
autoencoder. "evaluations" are passes of the network, forward and back, on average.

${tableMarkdown(details.all)}

Differences with the same prompts and seeds, in percentage points, paired 95 % intervals, \`*\` where
they leave out 0:

${differencesMarkdown(details.all)}

Combinations that training never showed / others:

${hasUnseen ? unseenMarkdown(details.seen, details.unseen) : "There are none among these triples."}

Agreement of the judge without learning, in percent:

${agreementMarkdown(result)}
`;
}
