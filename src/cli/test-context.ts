// A context for tests: streams that remember, and drawing that answers without an engine.
import { PassThrough } from "node:stream";
import type {
  DrawPlan,
  DrawRequest,
  DrawService,
  DrawnPicture,
  ModelFacts,
} from "../pipelines/draw-request.js";
import type { Context } from "./context.js";
import { run } from "./run.js";
import type { Services } from "./services.js";

/** A model of 96 x 96 pixels. */
export const facts: ModelFacts = {
  name: "stage",
  digest: `sha256:${"ab".repeat(32)}`,
  size: [96, 96],
  sizeMultiple: 8,
  cell: 8,
  defaults: { sampler: "ddim", steps: 20, cfg: 5 },
  backend: { provider: "cpu", threads: 2 },
  versions: { followspot: "0.1.0", onnxruntime: "1.30.0" },
};

const tokensOf = ({ recipe }: DrawRequest): DrawPlan["boxes"] =>
  recipe.boxes.map(({ words }) => ({ words, tokens: [{ index: 2, text: words }] }));

/** Drawing whose "PNG" is a text that says what it is. */
export const fakeDrawing: DrawService = {
  describeModel: async () => facts,
  planPictures: async (request) => ({ boxes: tokensOf(request), warnings: [] }),
  async *drawPictures(request, reporter, signal) {
    reporter.start(request.seeds.length, "draw");
    for (const [index, seed] of request.seeds.entries()) {
      signal.throwIfAborted();
      reporter.step(index + 1);
      yield pictureOf(request, seed);
    }
  },
};

function pictureOf(request: DrawRequest, seed: bigint): DrawnPicture {
  const png = (role: string) => new TextEncoder().encode(`${role} of seed ${seed}`);
  const images: DrawnPicture["images"] = [
    { role: "picture", png: png("picture") },
    ...(request.compare ? [{ role: "compare" as const, png: png("compare") }] : []),
    ...(request.overlay ? [{ role: "overlay" as const, png: png("overlay") }] : []),
    ...request.heatmaps.map((word) => ({ role: "heatmap" as const, word, png: png(word) })),
  ];
  const placement = { found: true, colourRight: true, centreInBox: true, iou: 0.625 };
  const attention = { attentionShare: 0.7, stepsInRange: 6 };
  const boxes = tokensOf(request).map((box) => ({ ...box, ...attention, placement }));
  return { recipe: { ...request.recipe, seed }, images, boxes, milliseconds: { sample: 12 } };
}

const missing = (): Promise<never> => Promise.reject(new Error("not part of this test"));

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line; `change` replaces parts of the context. */
export async function runWith(
  argv: readonly string[],
  change: Partial<Omit<Context, "services">> & { services?: Partial<Services> } = {},
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await run(argv, {
    stdout,
    stderr,
    env: {},
    signal: new AbortController().signal,
    randomSeed: () => 4242n,
    ...change,
    services: {
      drawing: () => Promise.resolve(fakeDrawing),
      inspection: missing,
      training: missing,
      sampling: missing,
      evaluation: missing,
      distribution: missing,
      errors: missing,
      ...change.services,
    },
  });
  const textOf = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? "";
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
}
