// followspot evaluate information: whether what an encoder tells of a picture helps a student.
import type { Command } from "commander";
import type { Context } from "./context.js";
import {
  addBatchesFlags,
  addHeldOutFlags,
  describeHeldOut,
  measure,
  requestOf,
  shown,
} from "./evaluate-errors-flags.js";
import type { ErrorsFlags } from "./evaluate-errors-flags.js";
import type { InformationReport, InformationRequest } from "./services.js";
import { tableLines } from "./table.js";

export function addEvaluateInformation(group: Command, context: Context): void {
  const command = group
    .command("information")
    .description("error with a picture's own latent, with another's, with none, against t")
    .requiredOption("--model <folder>", "a student with encoder and predictor, or its run")
    .option("--teacher <folder>", "the teacher that it followed (default: as its run says)");
  addHeldOutFlags(addBatchesFlags(command)).action((flags: ErrorsFlags & InformationRequest) =>
    measure(flags, context, {
      run: (service, reporter) =>
        service.evaluateInformation(requestOf(flags), reporter, context.signal),
      describe: describeInformation,
    }),
  );
}

/** The report as lines for a person. */
export function describeInformation(report: InformationReport): string[] {
  const { data, seed, model, teacher, points, seconds } = report;
  return [
    describeHeldOut(data, seed),
    `${model.name}, ${model.digest.slice(0, 12)}, to the targets of ${teacher.name}, ${teacher.digest.slice(0, 12)}`,
    "mean squared error with the picture's own latent, another's, none; gain: another's less own, ± its standard error",
    "",
    ...tableLines([
      ["t", "own", "shuffled", "zero", "gain", "shuffled/own"],
      ...points.map(({ t, own, shuffled, zero, gain, standardError }) => [
        String(Number(t.toFixed(4))),
        ...[own, shuffled, zero].map((error) => shown(error, 4)),
        `${shown(gain)} ± ${shown(standardError, 2)}`,
        shown(shuffled / own, 4),
      ]),
    ]),
    "",
    `${seconds.toFixed(1)} seconds`,
  ];
}
