// What a person gets who installs the package: packed, installed in an empty folder as README says, drawn with by
// its command, imported, and type-checked by both doors. Needs the registry for the dependencies.
//
//   npx tsx scripts/pack-check.ts

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { walkModules } from "../test/web/bundle.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FORBIDDEN =
  /^(src\/|test\/|bench\/(?!protocol\/)|scripts\/|docs\/(?!recipe\.schema\.json$)|examples\/|runs\/|out\/)|\.test\.|tsbuildinfo/;

const folder = mkdtempSync(join(tmpdir(), "followspot-pack-"));
const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip", NO_COLOR: "1" };

function run(command: string, args: readonly string[], cwd = folder): string {
  console.error(`> ${command} ${args.join(" ")}`);
  try {
    return execFileSync(command, args, { cwd, env, encoding: "utf8", maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new Error(`${command} failed: ${(error as { stdout: string }).stdout}`, { cause: error });
  }
}

function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`pack: expected ${what}`);
  console.log(`ok: ${what}`);
}

function pack(): string {
  const words = ["run", "--silent", "package", "--", "--json", "--pack-destination", folder];
  const text = run("npm", words, ROOT);
  const [{ filename, files, size }] = JSON.parse(text.slice(text.indexOf("["))) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  const stray = files.map(({ path }) => path).filter((path) => FORBIDDEN.test(path));
  expect(stray.length === 0, `no sources, tests or results in the package ${stray.join(", ")}`);
  expect(
    size < 40e6,
    `a package below 40 MB: ${(size / 1e6).toFixed(1)} MB, ${files.length} files`,
  );
  return join(folder, filename);
}

const USER = `import { loadPipeline, FollowspotError, Graph, functions, gradient } from "followspot";
import type { DownloadProgress, DrawOptions } from "followspot";
export const options: DrawOptions = { prompt: "a", seed: 7n };
export const told = ({ loaded }: DownloadProgress): number => loaded;
export const pipe = await loadPipeline("stage", { variant: "fp16", onDownload: told });
export const graph = [new Graph(), functions.add, gradient, FollowspotError];
`;
const WEB_USER = `import { loadPipeline, urlSource } from "followspot/web";
import type { ModelSource } from "followspot/web";
const source: ModelSource = urlSource("https://host/model/");
export const pipe = await loadPipeline(source, { provider: "webgpu" });
`;

function checkTypes(): void {
  writeFileSync(join(folder, "user.ts"), USER);
  writeFileSync(join(folder, "web-user.ts"), WEB_USER);
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const common = ["--noEmit", "--strict", "--target", "es2022"];
  run(process.execPath, [tsc, ...common, "--module", "nodenext", "--skipLibCheck", "user.ts"]);
  // A bundler's user has no types of Node.
  const web = ["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom"];
  run(process.execPath, [tsc, ...common, ...web, "web-user.ts"]);
  expect(true, "types of both doors, the browser's without those of Node");
}

function checkDraw(): void {
  const boxes = ["--box", "red cube=0.3,0.05,0.7,0.45"];
  const args = ["followspot", "draw", "a red cube", ...boxes, "--steps", "2", "--seed", "7"];
  const printed = JSON.parse(run("npx", [...args, "-o", "cube.png", "--json"])) as {
    boxes: { attentionShare: number }[];
  };
  expect(printed.boxes[0]!.attentionShare > 0, "attention in the box of a drawn picture");
  expect(statSync(join(folder, "cube.png")).size > 1000, "a picture drawn by the command");
}

function checkDoors(): void {
  const door = 'import("followspot").then((m) => console.log(Object.keys(m).sort().join()))';
  const names = run(process.execPath, ["-e", door]).trim().split(",");
  expect(names.includes("loadPipeline"), `the door's names: ${names.join(", ")}`);
  const dist = join(folder, "node_modules/followspot/dist");
  const { foreign } = walkModules(dist, "web.js");
  expect(
    !foreign.some((name) => name.startsWith("node:")),
    `no Node behind ./web: ${foreign.join(", ")}`,
  );
  const schema = 'console.log(import.meta.resolve("followspot/recipe.schema.json"))';
  const found = run(process.execPath, ["--input-type=module", "-e", schema]).trim();
  expect(existsSync(new URL(found)), "the recipe's schema");
  const isThere = existsSync(join(folder, "node_modules/onnxruntime-web"));
  expect(!isThere, "no onnxruntime-web for those who did not ask for it");
}

try {
  const file = pack();
  writeFileSync(join(folder, "package.json"), '{ "name": "user", "type": "module" }\n');
  run("npm", ["install", "--no-audit", "--no-fund", file]);
  checkDoors();
  checkTypes();
  checkDraw();
  const { version } = JSON.parse(
    readFileSync(join(folder, "node_modules/followspot/package.json"), "utf8"),
  ) as { version: string };
  console.log(`followspot ${version} installs and draws`);
} finally {
  rmSync(folder, { recursive: true });
}
