// The configuration of a latent network.

import { z } from "zod";
import { count, parseConfig } from "../config.js";

const schema = z.object({
  /** Length of the vectors. */
  latent_dim: count,
  hidden_dim: count.default(2048),
  num_layers: z.int().min(2).default(10),
  /** Sinusoids that the timestep is told by. */
  time_embedding_dim: count.default(64),
});

/** A latent network's configuration, every default filled in: those of PDAE. */
export type LatentMlpConfig = z.infer<typeof schema>;

/**
 * A configuration from the contents of a config.json.
 * Throws FollowspotError, naming the option, when one has a wrong value.
 */
export function parseLatentMlpConfig(json: unknown): LatentMlpConfig {
  return parseConfig("latent mlp", schema, json);
}
