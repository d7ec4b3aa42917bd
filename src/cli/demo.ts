// followspot demo: the first picture, offline: a red cube above a blue sphere, each in its box.
import type { Command } from "commander";
import type { Context, OutputFlags } from "./context.js";
import { addOutputFlags } from "./draw-flags.js";
import { draw } from "./draw.js";

/** What the demo draws; README shows the same as a `draw` command. */
export const DEMO = {
  prompt: "a red cube above a blue sphere",
  box: ["red cube=0.3,0.05,0.7,0.45", "blue sphere=0.3,0.5,0.7,0.95"],
  seed: 7n,
  output: "out/demo.png",
};

export function addDemo(program: Command, context: Context): void {
  const command = program
    .command("demo")
    .description("draw the first picture: a red cube above a blue sphere, each in its box")
    .option("-o, --output <file>", "where to write the PNG", DEMO.output);
  addOutputFlags(command).action((flags: OutputFlags & { output: string }) => {
    const { prompt, box, seed } = DEMO;
    return draw(prompt, { ...flags, box, seed, overlay: true }, context);
  });
}
