// How a teacher is guided by its own attention, in a run's configuration.

import { z } from "zod";
import {
  blurFor,
  blurMatrix,
  GUIDANCE_FORMS,
  siteNamed,
} from "../../guidance/self-attention/index.js";
import { sitesOf2D } from "../../models/unet2d/index.js";
import type { Teacher } from "../../training/teacher/index.js";

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

/**
 * Checks that a teacher can be guided so, before a run has a folder.
 *
 * @throws FollowspotError when it has no such site, or the blur does not fit its pictures
 */
export function expectGuidance(
  guidance: Guidance | null,
  { unet, size }: Pick<Teacher, "unet" | "size">,
): void {
  if (guidance === null) return;
  siteNamed("guidance.site", sitesOf2D(unet, size, size), guidance.site);
  blurMatrix(size, guidance.blur ?? blurFor(size));
}
