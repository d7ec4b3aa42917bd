// followspot draw: from a prompt and boxes to PNG files.
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../io/atomic.js";
import { fileError } from "../io/file-error.js";
import type {
  DrawPlan,
  DrawRequest,
  DrawnImage,
  DrawnPicture,
  Reporter,
} from "../pipelines/draw-request.js";
import { recipeCost } from "../pipelines/recipe-cost.js";
import { readRecipeFile } from "../pipelines/recipe-file.js";
import { encodeRecipe, formatRecipe } from "../pipelines/recipe.js";
import type { Context } from "./context.js";
import { print, printJson, reporterFor } from "./context.js";
import type { DrawFlags } from "./draw-flags.js";
import { addDrawFlags } from "./draw-flags.js";
import { chooseFiles, imageFiles } from "./draw-output.js";
import { describeBox, describeTokens } from "./draw-report.js";
import { resolveDraw } from "./draw-resolve.js";

/** The model that ships with the package. */
export const DEFAULT_MODEL = "stage";

export function addDraw(program: Command, context: Context): void {
  const command = program
    .command("draw")
    .description("draw a picture with things where you put them")
    .argument("[prompt]", "what the picture shows");
  addDrawFlags(command).action((prompt: string | undefined, flags: DrawFlags) =>
    draw(prompt, flags, context),
  );
}

/** Resolves the flags, then draws and writes, or only tells with --dry-run. */
export async function draw(
  prompt: string | undefined,
  flags: DrawFlags,
  context: Context,
): Promise<void> {
  const reporter = reporterFor(context, flags);
  const sketch = flags.from === undefined ? undefined : await readRecipeFile(flags.from);
  const service = await context.services.drawing();
  const name = flags.model ?? sketch?.model?.name ?? DEFAULT_MODEL;
  const facts = await service.describeModel(name, reporter, context.signal);
  const { randomSeed } = context;
  const { request, warnings } = resolveDraw({ prompt, flags, sketch, facts, randomSeed });
  const plan = await service.planPictures(request);
  for (const line of [...warnings, ...plan.warnings]) reporter.note(line);

  if (flags.dryRun) {
    return tell(request, plan, [...warnings, ...plan.warnings], reporter, flags, context);
  }

  const { seeds, recipe } = request;
  const isNewSeed = (flags.seeds ?? flags.seed ?? sketch?.seed) === undefined;
  const files = await chooseFiles({ output: flags.output, prompt: recipe.prompt, seeds });
  try {
    let index = 0;
    for await (const picture of service.drawPictures(request, reporter, context.signal)) {
      const written = await writeImages(files[index]!, picture.images);
      if (flags.json) printJson(context, pictureJson(picture, written));
      else for (const { file } of written) print(context, file);
      picture.boxes.forEach((box) => reporter.note(describeBox(box)));
      if (isNewSeed) reporter.note(`seed ${picture.recipe.seed}`);
      index += 1;
    }
  } finally {
    reporter.finish();
  }
}

interface WrittenImage extends Pick<DrawnImage, "role" | "word"> {
  file: string;
}

/** Whole files or none: each is renamed into place when it is complete. */
async function writeImages(file: string, images: readonly DrawnImage[]): Promise<WrittenImage[]> {
  try {
    await mkdir(dirname(file), { recursive: true });
  } catch (error) {
    throw fileError("write", dirname(file), error);
  }
  const written: WrittenImage[] = [];
  const paths = imageFiles(file, images);
  for (const [index, { png, ...image }] of images.entries()) {
    const path = paths[index]!;
    await writeFileAtomic(path, png);
    written.push({ ...image, file: path });
  }
  return written;
}

/** What --json prints of one picture. */
const pictureJson = (picture: DrawnPicture, [main, ...others]: WrittenImage[]) => ({
  file: main!.file,
  others,
  recipe: encodeRecipe(picture.recipe),
  seed: picture.recipe.seed.toString(),
  boxes: picture.boxes,
  milliseconds: picture.milliseconds,
});

/** --dry-run: the recipe on stdout, fit for --from; what it means and costs on stderr. */
function tell(
  request: DrawRequest,
  plan: DrawPlan,
  warnings: readonly string[],
  reporter: Reporter,
  flags: DrawFlags,
  context: Context,
): void {
  const heatmaps = request.heatmaps.length > 0;
  const { takesGuidance = false } = plan;
  const one = recipeCost(request.recipe, { compare: request.compare, heatmaps, takesGuidance });
  const pictures = request.seeds.length;
  const cost = { pictures, forward: one.forward * pictures, backward: one.backward * pictures };
  if (flags.json) {
    const seeds = request.seeds.map(String);
    const recipe = encodeRecipe(request.recipe);
    printJson(context, { recipe, seeds, boxes: plan.boxes, warnings, cost });
    return;
  }
  print(context, formatRecipe(request.recipe));
  plan.boxes.forEach((box) => reporter.note(describeTokens(box)));
  const backward = cost.backward > 0 ? ` and ${cost.backward} backward` : "";
  reporter.note(`cost: ${cost.forward} network evaluations${backward} for ${pictures} picture(s)`);
}
