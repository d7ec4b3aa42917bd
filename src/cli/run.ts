// One run of the command line: what is told of errors, and the exit code.
import { inspect } from "node:util";
import { CommanderError } from "commander";
import type { Command } from "commander";
import { FollowspotError } from "../core/errors.js";
import type { Context } from "./context.js";
import { harmless, oneLine } from "./one-line.js";
import { createProgram } from "./program.js";

/** What the exit code says. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs one command line.
 *
 * @param argv - the arguments after the program's name
 * @returns the exit code
 */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const program = createProgram(context);
  try {
    await program.parseAsync(argv, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    return explain(error, program, argv, context);
  }
}

function explain(
  error: unknown,
  program: Command,
  argv: readonly string[],
  { stderr, signal, env }: Context,
): number {
  const tell = (line: string) => void stderr.write(`${line}\n`);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok; // --help and --version
    // Bare `followspot` has already printed the help.
    if (error.code !== "commander.help") tell(describeUsage(error, program, argv));
    return EXIT.usage;
  }
  if (error instanceof FollowspotError && !signal.aborted) {
    tell(`error: ${oneLine(error.message)}`);
    if (env["DEBUG"]) tell(stackOf(error));
    return EXIT.usage;
  }
  if (signal.aborted) {
    tell("interrupted");
    if (env["DEBUG"]) tell(stackOf(error));
    return EXIT.interrupted;
  }
  tell(`error: ${oneLine(error instanceof Error ? error.message : String(error))}`);
  tell(env["DEBUG"] ? stackOf(error) : "This is a fault of followspot; DEBUG=1 shows where.");
  return EXIT.failure;
}

/** The error with its causes, as far down as they go, and whatever else it bears. */
const stackOf = (error: unknown): string => harmless(inspect(error));

/** Commander's message, with the names that would have been allowed. */
function describeUsage(error: CommanderError, program: Command, argv: readonly string[]): string {
  const message = oneLine(error.message);
  const command = commandOf(program, argv);
  if (error.code === "commander.unknownOption") {
    const flags = command.options.map(({ long }) => long).join(", ");
    return `${message} Allowed: ${flags}.`;
  }
  if (error.code === "commander.unknownCommand") {
    const names = command.commands.map((child) => child.name()).join(", ");
    return `${message} Allowed: ${names}.`;
  }
  const isPrompt = error.code === "commander.excessArguments" && command.name() === "draw";
  return isPrompt ? `${message} Put the prompt in quotes.` : message;
}

/** The command that the arguments reach. */
function commandOf(program: Command, argv: readonly string[]): Command {
  const name = argv.find((text) => !text.startsWith("-"));
  const child = program.commands.find((command) => command.name() === name);
  return child ? commandOf(child, argv.slice(argv.indexOf(name!) + 1)) : program;
}
