// The networks that a model has beside its first, and which of them draws which step of a run: students of few steps.

import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { OWN_FILE, readSourceJson, readSourceJsonAs } from "../io/model-source.js";
import type { ModelSource } from "../io/model-source.js";
import { parseUNetConfig } from "../models/unet/index.js";
import type { UNetConfig } from "../models/unet/index.js";
import type { OtherUNet, PartFiles } from "./text-to-image-weights.js";

type UNetName = "unet" | OtherUNet;

/** For runs of so many steps the network of each step, noisiest first. */
export type UNetsBySteps = ReadonlyMap<number, readonly UNetName[]>;

const unetName = z.custom<UNetName>(
  (name) => typeof name === "string" && /^unet(_\w+)?$/.test(name),
  { error: 'expected unet or a folder beside it, "unet_" and letters or digits' },
);

const unetsSchema = z.object({
  unets: z
    .record(z.string().regex(/^[1-9]\d*$/), z.array(unetName))
    .refine((unets) => Object.entries(unets).every(([steps, { length }]) => length === +steps), {
      error: 'expected a network for each step, as in { "2": ["unet_1", "unet"] }',
    })
    .default({}),
});

/** The networks by step, as followspot.json names them: `"unets": { "1": ["unet_1"], "2": ["unet_1", "unet"] }`. */
export async function namedUNets(source: ModelSource): Promise<UNetsBySteps> {
  if (!(await source.has(OWN_FILE))) return new Map();
  const { unets } = await readSourceJsonAs(source, OWN_FILE, unetsSchema);
  return new Map(Object.entries(unets).map(([steps, names]) => [Number(steps), names]));
}

export const unetFiles = (part: UNetName): PartFiles => ({
  part,
  stem: "diffusion_pytorch_model",
});

/** The networks beside the first, each once. */
export function otherUNets(unets: UNetsBySteps): PartFiles[] {
  const names = new Set([...unets.values()].flat());
  names.delete("unet");
  return [...names].map(unetFiles);
}

/** As `namedUNets`. Throws FollowspotError where a network is of another form than the first. */
export async function readUNets(source: ModelSource, first: UNetConfig): Promise<UNetsBySteps> {
  const unets = await namedUNets(source);
  for (const { part } of otherUNets(unets)) {
    const config = parseUNetConfig(await readSourceJson(source, `${part}/config.json`));
    if (JSON.stringify(config) === JSON.stringify(first)) continue;
    throw new FollowspotError(
      `model: ${source.name}/${part}/config.json: expected the configuration of unet/, got another.`,
    );
  }
  return unets;
}
