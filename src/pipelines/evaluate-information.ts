// The information test: the error with a picture's own latent, with another's and with none. If another's serves as well,
// the predictor cannot help.

import { measureInformation, readSemanticModels } from "../distillation/index.js";
import type { Information, SemanticStudent } from "../distillation/index.js";
import type { HostTensor } from "../core/tensor.js";
import type { Runtime, Tensors } from "../engine/runtime/session.js";
import { workerRuntime } from "../engine/runtime/worker.js";
import type { Reporter } from "./draw-request.js";
import type {
  HeldOutReport,
  InformationPoint,
  InformationReport,
  InformationRequest,
} from "./evaluate-errors-request.js";
import { resolveInformation } from "./evaluate-information-config.js";
import { heldOutReport, openFor, refuseFewer } from "./evaluate-pictures.js";
import { jsonOf, makeOutput, measuredModel, runtimeOf, writeOutput } from "./evaluate-shared.js";
import type { PixelModel } from "./sample-model.js";

const BATCHES = 4;

/** As ErrorsService.evaluateInformation. */
export async function evaluateInformation(
  request: InformationRequest,
  reporter: Reporter,
  signal: AbortSignal,
  runtime: Runtime = workerRuntime(),
): Promise<InformationReport> {
  const started = performance.now();
  const { batches = BATCHES, threads, output } = request;
  const { model, semantic, teacher, config } = await resolveInformation(request);
  const data = await checkData([model, teacher], request, config.batch * batches, signal);
  const models = await readSemanticModels(config);
  await makeOutput(output);
  reporter.start(config.student_steps * batches, "information test");
  try {
    const runs: Tensors[] = [];
    const onRun = (made: Tensors): void => reporter.step(runs.push(made));
    const watched = watching(runtimeOf(runtime, threads), signal, onRun);
    const asked = { weights: weightsOf(semantic), batches };
    const rows = await measureInformation(config, models, asked, { runtime: watched });
    const report = {
      ...{ data, seed: config.seed, model: measuredModel(model) },
      teacher: measuredModel(teacher),
      points: rows.map((row, i) => pointOf(row, runs.slice(i * batches, (i + 1) * batches))),
      seconds: (performance.now() - started) / 1000,
    };
    const files = await writeOutput(output, {
      "information.json": async () => jsonOf(report),
    });
    return { ...report, files };
  } finally {
    reporter.finish();
  }
}

/** Refuses pictures that do not fit before anything is compiled. Throws as `openFor`. */
async function checkData(
  models: readonly PixelModel[],
  request: InformationRequest,
  count: number,
  signal: AbortSignal,
): Promise<HeldOutReport> {
  const data = await openFor(models, request, signal);
  try {
    refuseFewer(data, request.data, count, "--batches and --batch");
    return heldOutReport(data, request, count, models[0]!.network.unet.in_channels);
  } finally {
    await data.close();
  }
}

/** The weights of encoder and predictor by the names that they are trained under. */
function weightsOf({ encoder, predictor }: SemanticStudent): Map<string, HostTensor> {
  const under = (part: string, weights: ReadonlyMap<string, HostTensor>) =>
    [...weights].map(([name, value]) => [`${part}.${name}`, value] as const);
  return new Map([
    ...under("semantic_encoder", encoder.weights),
    ...under("gradient_predictor", predictor.weights),
  ]);
}

/** A runtime whose runs can be stopped, and tell what they gave. */
function watching(runtime: Runtime, signal: AbortSignal, onRun: (made: Tensors) => void): Runtime {
  return {
    name: runtime.name,
    async compile(graph, options) {
      const session = await runtime.compile(graph, options);
      return {
        async run(feeds, results) {
          signal.throwIfAborted();
          const made = await session.run(feeds, results, signal);
          onRun(made);
          return made;
        },
        release: () => session.release(),
      };
    },
  };
}

/** What the own latent saves, picture by picture: the pictures' errors differ more than what it does to each. */
function pointOf(row: Information, runs: readonly Tensors[]): InformationPoint {
  const gains = runs.flatMap(({ own, shuffled }) => {
    const without = shuffled!.data as Float32Array;
    return Array.from(own!.data as Float32Array, (error, i) => without[i]! - error);
  });
  const gain = gains.reduce((sum, value) => sum + value, 0) / gains.length;
  const squares = gains.reduce((sum, value) => sum + (value - gain) ** 2, 0);
  const standardError = Math.sqrt(squares / (gains.length - 1) / gains.length);
  return { ...row, gain, standardError };
}
