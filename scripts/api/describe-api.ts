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
      const sections = entries.map((entry) => {
        const file = program.getSourceFile(join(base, entry.types));
        const module = file && checker.getSymbolAtLocation(file);
        if (module === undefined) throw new Error(`${entry.types} is no module: build the packages first`);
        return describeEntry(checker, base, folder, entry.name, checker.getExportsOfModule(module));
      });
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
    const owner = packageOf(original, base);
    if (owner === folder) describe(original, symbol.name, own);
    else
      others.set(owner ?? "another package", [
        ...(others.get(owner ?? "another package") ?? []),
        symbol.name,
      ]);
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    if (!seen.has(next) && packageOf(next, base) === folder) describe(next, next.name, inner);

  return [
    `\n## ${entry}\n`,
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
