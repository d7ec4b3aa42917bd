// The command line's grammar: the program and its verbs.
import { createRequire } from "node:module";
import { Command } from "commander";
import type { Context } from "./context.js";
import { addDemo } from "./demo.js";
import { addDraw } from "./draw.js";
import { addEvaluate } from "./evaluate.js";
import { addInspect } from "./inspect.js";
import { addSample } from "./sample.js";
import { addTrain } from "./train.js";

// The same relative path from src/cli and from dist/cli.
const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

/** The program, which throws instead of ending the process. */
export function createProgram(context: Context): Command {
  const program = new Command("followspot")
    .description("Say where things go: directed diffusion without Python and without a GPU.")
    .version(version)
    .showSuggestionAfterError(true)
    .configureHelp({ sortOptions: false, showGlobalOptions: false });
  const verbs = [addDraw, addInspect, addTrain, addSample, addEvaluate, addDemo];
  for (const add of verbs) add(program, context);
  configure(program, context);
  return program;
}

function configure(command: Command, context: Context): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void context.stdout.write(text),
    writeErr: (text) => void context.stderr.write(text),
    // Run tells errors itself, all in the same way.
    outputError: () => undefined,
  });
  command.commands.forEach((child) => configure(child, context));
}
