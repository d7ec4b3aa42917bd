// followspot inspect: what is in a checkpoint, and what can be done with it.
import type { Command } from "commander";
import type { Context, OutputFlags } from "./context.js";
import { print, printJson } from "./context.js";
import { DEFAULT_MODEL } from "./draw.js";
import type { ModelReport } from "./services.js";
import { tableLines } from "./table.js";

export function addInspect(program: Command, context: Context): void {
  program
    .command("inspect")
    .description("tell what is in a checkpoint, and what can be done with it")
    .argument("[model]", "name, folder or hub id", DEFAULT_MODEL)
    .option("--json", "print one JSON object on stdout")
    .action(async (model: string, flags: OutputFlags) => {
      const service = await context.services.inspection();
      const report = await service.inspectModel(model);
      if (flags.json) printJson(context, report);
      else describeModel(report).forEach((line) => print(context, line));
    });
}

/** The report as lines for a person. */
export function describeModel(report: ModelReport): string[] {
  const facts = Object.entries(report.facts).map(([name, value]) => [name, String(value)]);
  const heads = [
    ["model", report.name],
    ["digest", report.digest],
    ["folder", report.folder],
  ];
  const words = Object.entries(report.vocabulary ?? {}).map(
    ([kind, all]) => `  ${kind}: ${all.join(", ")}`,
  );
  return [
    ...tableLines([...heads, ...facts]),
    "",
    ...tableLines([
      ["part", "class", "parameters", "bytes", "type"],
      ...report.parts.map((part) => [
        part.part,
        part.className,
        part.parameters,
        part.bytes,
        part.dtype,
      ]),
    ]),
    "",
    ...tableLines([
      ["attention site", "grid", "heads", "tokens"],
      ...report.sites.map((site) => [
        site.name,
        `${site.columns}x${site.rows}`,
        site.heads,
        site.tokens,
      ]),
    ]),
    ...(words.length > 0 ? ["", "it can draw:", ...words] : []),
    ...(report.unsupported.length > 0 ? ["", "it cannot:"] : []),
    ...report.unsupported.map((line) => `  ${line}`),
  ];
}
