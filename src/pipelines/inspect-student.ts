// What a student of a text-to-image model was taught, as its own file tells it.

import { z } from "zod";
import { readJsonAs } from "../io/json.js";
import { findModelFile } from "../io/model-folder.js";
import { OWN_FILE } from "../io/model-source.js";

/** What `followspot train` writes of a student of a text-to-image model. */
const studentSchema = z.object({
  parent: z.object({ digest: z.string() }).optional(),
  student: z
    .object({
      guidance: z.number(),
      levels: z.int(),
      target: z.object({ kind: z.string(), substeps: z.int().optional() }),
      edits: z.object({ share: z.number() }).nullish(),
    })
    .optional(),
});

/**
 * Facts of a student of a text-to-image model; none of any other model.
 *
 * @throws FollowspotError when its own file is not what it should be
 */
export async function studentFacts(folder: string): Promise<Record<string, string>> {
  const path = await findModelFile(folder, OWN_FILE);
  if (path === undefined) return {};
  const { parent, student } = await readJsonAs(path, studentSchema);
  if (!student) return {};
  const { guidance, levels, target, edits } = student;
  const walk = target.substeps === undefined ? "" : `, ${target.substeps} teacher steps for one`;
  return {
    role: `student: guidance of ${guidance} is distilled into it`,
    ...(parent ? { parent: `teacher ${parent.digest}` } : {}),
    "trained for": `${levels} ${levels === 1 ? "step" : "steps"}`,
    target: `${target.kind}${walk}`,
    "edit-aware": edits
      ? `yes: boxes in ${Math.round(100 * edits.share)} % of the pictures that it learned from`
      : "no: it saw no boxes while it learned",
  };
}
