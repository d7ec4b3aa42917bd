// The command line, from the sources, as the experiment calls it.

import { spawn } from "node:child_process";

/** A followspot command: its standard output, as JSON where asked for. */
export async function followspot(args: readonly string[]): Promise<string> {
  console.error(`followspot ${args.join(" ")}`);
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  if (code !== 0)
    throw new Error(`sferd: followspot ${args[0]}: expected exit code 0, got ${code}.`);
  return text;
}
