import { join } from "node:path";
import ts from "typescript";
import type { PublishedPackage } from "../packages/published-packages.ts";
import { root } from "../test/root.ts";
import { declarationProgram, namedIn, originalOf, packageOf } from "./declarations.ts";

/**
 * The public surface of every package, as Markdown: what each entry exports, with its types, without comments, sorted by name.
 * Reads the built declarations, which are what users get.
 */
export const describeApi = (
  packages: readonly PublishedPackage[],
  base = root,
): ReadonlyMap<string, string> => {
  const program = declarationProgram(packages, base);
  const checker = program.getTypeChecker();
  return new Map(
    packages.map(({ folder, name, entries }) => {
      const exportsOf = new Map(
        entries.map((entry) => {
          const file = program.getSourceFile(join(base, entry.types));
          const module = file && checker.getSymbolAtLocation(file);
          if (module === undefined) throw new Error(`${entry.types} is no module: build the packages first`);
          return [entry.name, checker.getExportsOfModule(module)];
        }),
      );
      // What several entries export is described once.
      const homes = new Map<ts.Symbol, string>();
      for (const [entry, symbols] of exportsOf)
        for (const symbol of symbols) {
          const original = originalOf(checker, symbol);
          if (!homes.has(original)) homes.set(original, entry);
        }
      const sections = [...exportsOf].map(([entry, symbols]) =>
        describeEntry(checker, base, folder, entry, symbols, homes),
      );
      return [folder, `# ${name}\n\nWritten by \`pnpm api\`.\n${sections.join("")}`];
    }),
  );
};

const describeEntry = (
  checker: ts.TypeChecker,
  base: string,
  folder: string,
  entry: string,
  exported: readonly ts.Symbol[],
  homes: ReadonlyMap<ts.Symbol, string>,
): string => {
  const own: string[] = [];
  const inner: string[] = [];
  const others = new Map<string, string[]>();
  const seen = new Set<ts.Symbol>();
  const waiting: ts.Symbol[] = [];
  const describe = (symbol: ts.Symbol, name: string, into: string[]): void => {
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) {
      into.push(declarationText(declaration, name));
      waiting.push(...namedIn(checker, declaration));
    }
  };
  for (const symbol of [...exported].sort((a, b) => compare(a.name, b.name))) {
    const original = originalOf(checker, symbol);
    const owner = packageOf(original, base) ?? "another package";
    const home = homes.get(original) ?? entry;
    const from = owner !== folder ? owner : home !== entry ? home : undefined;
    if (from === undefined) describe(original, symbol.name, own);
    else others.set(from, [...(others.get(from) ?? []), symbol.name]);
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    if (!seen.has(next) && !homes.has(next) && packageOf(next, base) === folder)
      describe(next, next.name, inner);

  return [
    `\n## ${entry}\n\n${exported.length} names.\n`,
    ...(own.length === 0 ? [] : [`\`\`\`ts\n${own.join("\n")}\n\`\`\`\n`]),
    ...(inner.length === 0
      ? []
      : [`Not exported, but part of the types above:\n\n\`\`\`ts\n${inner.sort().join("\n")}\n\`\`\`\n`]),
    ...[...others]
      .sort(([a], [b]) => compare(a, b))
      .map(([owner, names]) => `From \`${owner}\`: ${names.map((name) => `\`${name}\``).join(", ")}.\n`),
  ].join("\n");
};

const printer = ts.createPrinter({ removeComments: true });

const declarationText = (declaration: ts.Declaration, name: string): string => {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const text = printer
    .printNode(ts.EmitHint.Unspecified, statement, declaration.getSourceFile())
    .replace(/^(export )?(declare )?/, "");
  const declared = ts.getNameOfDeclaration(declaration)?.getText();
  return declared === undefined || declared === name ? text : `${text} // as ${name}`;
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
