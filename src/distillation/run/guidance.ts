// How a teacher is guided by its own attention, in a run's configuration.

import { z } from "zod";
import { GUIDANCE_FORMS } from "../../guidance/self-attention/index.js";

export const guidanceSchema = z.strictObject({
  /** 1 + w. */
  scale: z.number().min(1).max(10).default(1.3),
  /** Attention above which a place is blurred, the mean being 1. */
  threshold: z.number().nonnegative().default(1),
  /** What follows the pictures' size when absent; the reference has 15 and 3. */
  blur: z.strictObject({ kernel: z.int().positive(), sigma: z.number().positive() }).optional(),
  form: z.enum(GUIDANCE_FORMS).default("exact"),
  /** Self-attention site of the teacher; the decoder's last when absent. */
  site: z.string().min(1).optional(),
});

export type Guidance = z.infer<typeof guidanceSchema>;
