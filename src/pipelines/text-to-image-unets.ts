// The networks that a model has beside its first, for runs of other numbers of steps: a student of each.

import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { OWN_FILE, readSourceJson, readSourceJsonAs } from "../io/model-source.js";
import type { ModelSource } from "../io/model-source.js";
import { parseUNetConfig } from "../models/unet/index.js";
import type { UNetConfig } from "../models/unet/index.js";
import type { OtherUNet, PartFiles } from "./text-to-image-weights.js";

const otherUNet = z.custom<OtherUNet>(
  (name) => typeof name === "string" && /^unet_\w+$/.test(name),
  { error: 'expected a folder beside unet/, "unet_" and letters or digits' },
);

const unetsSchema = z.object({
  unets: z.record(z.string().regex(/^[1-9]\d*$/), otherUNet).default({}),
});

/** Networks by the number of steps that they are for, as followspot.json names them: `"unets": { "1": "unet_1" }`. */
export async function namedUNets(source: ModelSource): Promise<ReadonlyMap<number, PartFiles>> {
  if (!(await source.has(OWN_FILE))) return new Map();
  const { unets } = await readSourceJsonAs(source, OWN_FILE, unetsSchema);
  const stem = "diffusion_pytorch_model";
  return new Map(Object.entries(unets).map(([steps, part]) => [Number(steps), { part, stem }]));
}

/** As `namedUNets`. Throws FollowspotError where a network is of another form than the first. */
export async function readOtherUNets(
  source: ModelSource,
  first: UNetConfig,
): Promise<ReadonlyMap<number, PartFiles>> {
  const unets = await namedUNets(source);
  for (const { part } of unets.values()) {
    const config = parseUNetConfig(await readSourceJson(source, `${part}/config.json`));
    if (JSON.stringify(config) === JSON.stringify(first)) continue;
    throw new FollowspotError(
      `model: ${source.name}/${part}/config.json: expected the configuration of unet/, got another.`,
    );
  }
  return unets;
}
