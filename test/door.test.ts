// The package's doors: whatever type a public signature names can be imported by its name.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The parts that a loaded model is drawn with, which only the library reads; and a word of one file. */
const INNER = new Set([
  ...["UNetConfig", "UNetsBySteps", "DecoderConfig", "TextEncoderConfig", "Tokenizer", "Schedule"],
  "None",
]);

function programOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config?: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  return ts.createProgram(files, { ...options, incremental: false });
}

/** The symbol that an import or a re-export stands for. */
function resolved(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** What a module exports, and what its namespaces do. */
function exportsOf(checker: ts.TypeChecker, module: ts.Symbol): ts.Symbol[] {
  const symbols = checker.getExportsOfModule(module).map((symbol) => resolved(checker, symbol));
  return symbols.flatMap((symbol) =>
    symbol.flags & ts.SymbolFlags.ValueModule ? exportsOf(checker, symbol) : [symbol],
  );
}

/** What a user does not see of a declaration: bodies, private members, and what only a constructor takes. */
function isHidden(node: ts.Node): boolean {
  if (ts.isBlock(node)) return true;
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  const inConstructor = ts.isParameter(node) && ts.isConstructorDeclaration(node.parent);
  return (
    modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) ||
    (inConstructor && modifiers.length === 0)
  );
}

/** The named types in a declaration's signature. */
function typesNamed(node: ts.Node): ts.Node[] {
  if (isHidden(node)) return [];
  const own = ts.isTypeReferenceNode(node)
    ? [node.typeName]
    : ts.isExpressionWithTypeArguments(node)
      ? [node.expression]
      : [];
  const inner: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    const isValue = ts.isVariableDeclaration(node) && child === node.initializer;
    if (!isValue) inner.push(...typesNamed(child));
  });
  return [...own, ...inner];
}

it.each(["index", "web"])("%s exports every type of ours that its signatures name", (name) => {
  const door = `${ROOT}src/${name}.ts`;
  const program = programOf([door]);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(door)!)!;
  const known = new Set(exportsOf(checker, module));
  const missing = [...known].flatMap((symbol) =>
    (symbol.declarations ?? [])
      .flatMap(typesNamed)
      .map((type) => resolved(checker, checker.getSymbolAtLocation(type)!))
      .filter((named) => {
        const [declaration] = named.declarations ?? [];
        const isOurs = declaration?.getSourceFile().fileName.startsWith(`${ROOT}src/`);
        if (!isOurs || ts.isTypeParameterDeclaration(declaration!)) return false;
        return !known.has(named) && !INNER.has(named.name);
      })
      .map((named) => `${symbol.name}: ${named.name}`),
  );
  expect([...new Set(missing)]).toEqual([]);
});

it("ships the recipe's schema under its name", () => {
  const { exports, files } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as {
    exports: Record<string, string>;
    files: string[];
  };
  const path = exports["./recipe.schema.json"]!.replace(/^\.\//, "");
  expect(files).toContain(path);
  expect(existsSync(`${ROOT}${path}`)).toBe(true);
});
