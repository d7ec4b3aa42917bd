// The shape of the source tree: folders in the order the data flows, no cycles, short files, no machine paths.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Each folder imports only from itself and from those before it. */
const FOLDERS = [
  "core",
  "io",
  "engine",
  "nn",
  "models",
  "diffusion",
  "guidance",
  "training",
  "distillation",
  "metrics",
  "pipelines",
  "cli",
];
const MAX_LINES = 300;
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "runs", "out", ".git", ".venv"]);
const TEXT_FILE = /(\.(ts|js|mjs|json|md|ya?ml|py|txt|html|css|sh)|\/(run|\.npmrc|\.gitignore))$/;

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (SKIPPED_FOLDERS.has(name)) return [];
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

const toPosix = (path: string) => relative(ROOT, path).split(sep).join("/");
const isGenerated = (path: string) => path.includes("/generated/");

interface Import {
  specifier: string;
  /** True if the statement vanishes when it is compiled. */
  typeOnly: boolean;
}

/** Static imports, re-exports and dynamic imports of a literal. */
function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const statements =
    /\b(?:import|export)\b(\s+type\b)?[^;"'`]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g;
  return [...code.matchAll(statements)].map((match) => ({
    specifier: (match[2] ?? match[3])!,
    typeOnly: match[1] !== undefined,
  }));
}

/** The folder of a path such as src/nn/conv.ts, or "" for src/index.ts. */
const folderOf = (path: string) => (path.split("/").length > 2 ? path.split("/")[1]! : "");

/** Every source file with the source files that it imports. */
function sourceGraph(accept: (statement: Import) => boolean): Map<string, string[]> {
  const sources = filesUnder(join(ROOT, "src")).filter((path) => path.endsWith(".ts"));
  return new Map(
    sources.map((path) => {
      const targets = importsOf(readFileSync(path, "utf8"))
        .filter((statement) => statement.specifier.startsWith(".") && accept(statement))
        .map(({ specifier }) => toPosix(resolve(dirname(path), specifier).replace(/\.js$/, ".ts")));
      return [toPosix(path), targets];
    }),
  );
}

/** The first cycle that depth-first search meets, as a chain of paths. */
function findCycle(graph: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const chain: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (chain.includes(node)) return [...chain.slice(chain.indexOf(node)), node];
    if (done.has(node)) return undefined;
    chain.push(node);
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    chain.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Imports of a folder further down, as "from -> to" lines. */
function upwardImports(graph: Map<string, string[]>): string[] {
  const rank = (path: string) => {
    const folder = folderOf(path);
    return folder === "" ? FOLDERS.length : FOLDERS.indexOf(folder);
  };
  // Unit tests may use the matchers and oracles of test/.
  const isAllowed = (path: string, target: string) =>
    path.endsWith(".test.ts") && target.startsWith("test/");
  return [...graph].flatMap(([path, targets]) =>
    targets
      .filter((target) => rank(target) > rank(path) && !isAllowed(path, target))
      .map((target) => `${path} -> ${target}`),
  );
}

describe("the checks themselves", () => {
  it("sees every form of import", () => {
    const source = [
      'import a from "./a.js";',
      'import {\n  b,\n  c,\n} from "./b.js";',
      'import type { D } from "./D.js";',
      'export type { E } from "./E.js";',
      'export * from "./f.js";',
      'import "./g.js";',
      'const h = await import("./h.js");',
      '// import i from "./i.js";',
    ].join("\n");
    const found = importsOf(source);
    expect(found.map(({ specifier }) => specifier)).toEqual(
      [..."abDEfgh"].map((name) => `./${name}.js`),
    );
    expect(found.filter(({ typeOnly }) => typeOnly)).toHaveLength(2);
  });

  it("finds a cycle and an import that goes the wrong way", () => {
    const graph = new Map([
      ["src/core/a.ts", ["src/io/b.ts"]],
      ["src/io/b.ts", ["src/core/a.ts"]],
    ]);
    expect(findCycle(graph)).toEqual(["src/core/a.ts", "src/io/b.ts", "src/core/a.ts"]);
    expect(upwardImports(graph)).toEqual(["src/core/a.ts -> src/io/b.ts"]);
  });
});

describe("src", () => {
  const graph = sourceGraph(() => true);

  it("consists of the folders of the design", () => {
    const known = ["", ...FOLDERS];
    expect([...graph.keys()].filter((path) => !known.includes(folderOf(path)))).toEqual([]);
  });

  it("imports only files that exist", () => {
    const missing = [...graph].flatMap(([path, targets]) =>
      targets
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it("imports only from the same folder or from those above it", () => {
    expect(upwardImports(graph)).toEqual([]);
  });

  it("keeps the command line out of the library's door", () => {
    const door = graph.get("src/index.ts") ?? [];
    expect(door.filter((target) => folderOf(target) === "cli")).toEqual([]);
  });

  it("has no cycles", () => {
    // Imports of types vanish when compiled, so they cannot load a module before it is ready.
    expect(findCycle(sourceGraph(({ typeOnly }) => !typeOnly))).toBeUndefined();
  });

  it("has a core that runs anywhere: no packages, no Node modules", () => {
    const foreign = [...graph.keys()]
      .filter((path) => folderOf(path) === "core" && !path.endsWith(".test.ts"))
      .flatMap((path) =>
        importsOf(readFileSync(join(ROOT, path), "utf8"))
          .filter(({ specifier }) => !specifier.startsWith("."))
          .map(({ specifier }) => `${path}: ${specifier}`),
      );
    expect(foreign).toEqual([]);
  });

  it(`has no file longer than ${MAX_LINES} lines`, () => {
    const elsewhere = ["test", "scripts", "bench", "examples"]
      .flatMap((folder) => filesUnder(join(ROOT, folder)))
      .filter((path) => path.endsWith(".ts"))
      .map((path) => relative(ROOT, path));
    const long = [...graph.keys(), ...elsewhere]
      .filter((path) => !isGenerated(path))
      .map((path) => [path, readFileSync(join(ROOT, path), "utf8").trimEnd().split("\n").length])
      .filter(([, lines]) => Number(lines) > MAX_LINES);
    expect(long).toEqual([]);
  });
});

describe("the repository", () => {
  it("says of every dependency why it is there", () => {
    const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
    const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
    const reasons = read("docs/dependencies.md");
    const names = Object.keys({ ...manifest["dependencies"], ...manifest["devDependencies"] });
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !reasons.includes(`\`${name}\``))).toEqual([]);
  });

  it("names no folder of the machine it was written on and no private registry", () => {
    // A web address may hold such a word after its host: only paths that start there count.
    const machinePath = /(?<![\w.:/-])\/(?:work|root|tmp)\/[\w.-]+/;
    const registry = /"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)/;
    const hits = filesUnder(ROOT)
      .filter((path) => TEXT_FILE.test(path) && statSync(path).size < 4e6)
      .flatMap((path) => {
        const text = readFileSync(path, "utf8");
        const match = machinePath.exec(text) ?? registry.exec(text);
        return match ? [`${toPosix(path)}: ${match[0]}`] : [];
      });
    expect(hits).toEqual([]);
  });
});
