// followspot evaluate denoising: how well models see through noise, by how much there is of it.
import type { Command } from "commander";
import { shortNames } from "../pipelines/evaluate-names.js";
import type { Context } from "./context.js";
import {
  addHeldOutFlags,
  addTimesFlags,
  describeHeldOut,
  folders,
  measure,
  requestOf,
  shown,
} from "./evaluate-errors-flags.js";
import type { ErrorsFlags } from "./evaluate-errors-flags.js";
import type { DenoisingReport, DenoisingRequest } from "./services.js";
import { tableLines } from "./table.js";

export function addEvaluateDenoising(group: Command, context: Context): void {
  const command = group
    .command("denoising")
    .description("error of the clean picture against t, one evaluation of each model")
    .requiredOption("--models <folders>", "teachers and students: A,B", folders);
  addHeldOutFlags(addTimesFlags(command)).action((flags: ErrorsFlags & DenoisingRequest) =>
    measure(flags, context, {
      run: (service, reporter) =>
        service.evaluateDenoising(requestOf(flags), reporter, context.signal),
      describe: describeDenoising,
    }),
  );
}

/** The report as lines for a person. */
export function describeDenoising({ data, seed, models, seconds }: DenoisingReport): string[] {
  const names = shortNames(models.map(({ name }) => name));
  const times = models[0]!.points;
  const strange = models.some(({ points }) => points.some(({ trained }) => !trained));
  const told = names.filter((_, i) => models[i]!.told);
  return [
    describeHeldOut(data, seed),
    "mean squared error of the clean picture in [-1, 1], ± its standard error",
    "",
    ...tableLines([
      ["t", "log-SNR", ...names],
      ...times.map(({ t, logSnr }, row) => [
        String(Number(t.toFixed(4))),
        logSnr.toFixed(2),
        ...models.map(({ points }) => {
          const { error, standardError, trained } = points[row]!;
          return `${shown(error)} ± ${shown(standardError, 2)}${trained ? "" : " *"}`;
        }),
      ]),
    ]),
    "",
    ...(strange ? ["* a time that the student was not trained at"] : []),
    ...(told.length > 0 ? [`told each picture by their encoder: ${told.join(", ")}`] : []),
    `${seconds.toFixed(1)} seconds`,
  ];
}
