// Writes the placement protocol's list, bench/protocol/placement.json, one triple a line.
//
// Run from the root of the repository, before a model is trained: npx tsx scripts/protocol.ts

import { mkdir, writeFile } from "node:fs/promises";
import { PROTOCOL_SPLITS, placementProtocol } from "../src/training/scenes/triples.js";

const OUT = new URL("../bench/protocol/placement.json", import.meta.url);

const protocol = placementProtocol();
const lists = PROTOCOL_SPLITS.map((split) => {
  const lines = protocol[split].map((triple) => JSON.stringify(triple));
  return `"${split}": [\n${lines.join(",\n")}\n]`;
});
await mkdir(new URL(".", OUT), { recursive: true });
await writeFile(OUT, `{\n"version": ${protocol.version},\n${lists.join(",\n")}\n}\n`);
console.log(`${protocol.test.length} test and ${protocol.tune.length} tune triples`);
