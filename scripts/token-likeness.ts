// How alike a text encoder makes its tokens: cosines between the states of single tokens, and between trailing positions
// of whole prompts. Near 1, no attention can tell them apart.
//
//   npx tsx scripts/token-likeness.ts [MODEL]      # a pipeline's folder; models/stage when absent

import { join } from "node:path";
import { integers } from "../src/core/tensor.js";
import { Graph } from "../src/engine/graph.js";
import { nodeRuntime } from "../src/engine/runtime/node.js";
import { readJson } from "../src/io/json.js";
import { openSafetensors } from "../src/io/safetensors.js";
import { parseTextEncoderConfig, textEncoder } from "../src/models/text-encoder/index.js";
import { loadTokenizer } from "../src/models/tokenizer/folder.js";
import { ConstantWeights } from "../src/nn/constant-weights.js";

const PAIRS = "a red cube and a blue sphere";
const PROMPTS = [PAIRS, "a red cube", "a blue sphere", "a cat", "a dog", "a red sphere"];
/** Positions of the first prompt: BOS is 0. */
const [RED, CUBE, AND, BLUE, SPHERE, END] = [2, 3, 4, 6, 7, 8] as const;
const TRAILING = 30; // a position behind the end of every prompt

const folder = process.argv[2] ?? "models/stage";
const config = parseTextEncoderConfig(await readJson(join(folder, "text_encoder", "config.json")));
const file = await openSafetensors(join(folder, "text_encoder", "model.safetensors"));
const tokenizer = await loadTokenizer(join(folder, "tokenizer"));
const { maxLength: tokens } = tokenizer;

const graph = new Graph();
const ids = graph.input("ids", "int64", [PROMPTS.length, tokens]);
const weights = new ConstantWeights(graph, await file.readAllFloat32());
graph.output("states", textEncoder(weights, config, ids).lastHiddenState);
const session = await nodeRuntime().compile(graph);
const encoded = PROMPTS.flatMap((prompt) => [...tokenizer.encode(prompt).ids]);
const { states } = await session.run({ ids: integers([PROMPTS.length, tokens], encoded) });
await session.release();

const width = config.hidden_size;
function state(prompt: string, position: number): Float32Array {
  const at = (PROMPTS.indexOf(prompt) * tokens + position) * width;
  return (states!.data as Float32Array).subarray(at, at + width);
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const ofTokens = (a: number, b: number): number => cosine(state(PAIRS, a), state(PAIRS, b));
const ofPrompts = (a: string, b: string): number => cosine(state(a, TRAILING), state(b, TRAILING));
const rows: readonly [string, number][] = [
  ['"cube" and "and"', ofTokens(CUBE, AND)],
  ['"red" and "cube"', ofTokens(RED, CUBE)],
  ['"blue" and "sphere"', ofTokens(BLUE, SPHERE)],
  ['"cube" and the first end token', ofTokens(CUBE, END)],
  ['trailing, "a red cube" and "a blue sphere"', ofPrompts("a red cube", "a blue sphere")],
  ['trailing, "a cat" and "a dog"', ofPrompts("a cat", "a dog")],
  ['trailing, "a red cube" and "a red sphere"', ofPrompts("a red cube", "a red sphere")],
];
for (const [what, value] of rows) console.log(`${value.toFixed(2).padStart(5)}  ${what}`);
