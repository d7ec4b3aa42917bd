// The samplers by name. A new one is a file beside this and a line here; the contract suite finds it.

import { FollowspotError } from "../../core/errors.js";
import type { SchedulerConfig } from "../scheduler-config.js";
import { ddim } from "./ddim.js";
import { dpmpp2m } from "./dpmpp-2m.js";
import { eulerAncestral } from "./euler-ancestral.js";
import { euler } from "./euler.js";
import { heun } from "./heun.js";
import { lcm } from "./lcm.js";
import { lms } from "./lms.js";
import type { Sampler } from "./sampler.js";

/** All samplers, by the name that people type. */
export const SAMPLERS = {
  ddim,
  euler,
  "euler-ancestral": eulerAncestral,
  lms,
  heun,
  "dpm++2m": dpmpp2m,
  lcm,
} as const satisfies Record<string, Sampler>;

/** The name of a sampler, of SAMPLER_NAMES. */
export type SamplerName = keyof typeof SAMPLERS;

/** The names, in the order in which help and errors list them. */
export const SAMPLER_NAMES = Object.keys(SAMPLERS) as SamplerName[];

/** True for the name of a sampler. */
export function isSamplerName(name: string): name is SamplerName {
  return Object.hasOwn(SAMPLERS, name);
}

/**
 * The sampler of that name.
 *
 * @throws FollowspotError listing the names when there is none.
 */
export function samplerNamed(name: string): Sampler {
  if (isSamplerName(name)) return SAMPLERS[name];
  throw new FollowspotError(
    `sampler: expected one of ${SAMPLER_NAMES.join(", ")}, got ${JSON.stringify(name)}.`,
  );
}

/** The sampler that takes the same steps as a configuration's own diffusers class; undefined when there is none. */
export function samplerOfConfig(config: SchedulerConfig): SamplerName | undefined {
  const name = SAMPLER_NAMES.find((each) => SAMPLERS[each].diffusersClass === config.className);
  return name === "dpm++2m" && !config.dpmpp2m ? undefined : name;
}
