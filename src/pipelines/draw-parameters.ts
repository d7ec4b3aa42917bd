// A recipe as the `parameters` text that AUTOMATIC1111's web UI writes into pictures and other programs read.

import { SAMPLERS } from "../diffusion/index.js";
import { formatBox } from "./box.js";
import type { Recipe } from "./recipe.js";

/** The prompt, the negative prompt, and one line of settings. */
export function parametersText(recipe: Recipe): string {
  const { prompt, negative, steps, sampler, cfg, seed, size, model, boxes, method } = recipe;
  const settings: [name: string, value: string][] = [
    ["Steps", String(steps)],
    ["Sampler", SAMPLERS[sampler].label],
    ["CFG scale", String(cfg)],
    ["Seed", seed.toString()],
    ["Size", size.join("x")],
    // The first ten digits, as that program shortens its hashes.
    ["Model hash", model.digest.slice("sha256:".length, "sha256:".length + 10)],
    ["Model", quoted(model.name)],
    ["Version", `followspot ${recipe.versions.followspot}`],
  ];
  if (boxes.length > 0 && method.name !== "none") {
    const placed = boxes.map(formatBox).join("; ");
    settings.push(["Placement", method.name], ["Boxes", quoted(placed)]);
  }
  const lines = [prompt];
  if (negative !== "") lines.push(`Negative prompt: ${negative}`);
  lines.push(settings.map(([name, value]) => `${name}: ${value}`).join(", "));
  return lines.join("\n");
}

/** In JSON's quotes where a comma or a colon would end the value. */
function quoted(value: string): string {
  return /[,:\n]/.test(value) ? JSON.stringify(value) : value;
}
