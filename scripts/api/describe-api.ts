import { dirname, join, relative } from "node:path";
import ts from "typescript";
import type { PublishedPackage } from "../packages/published-packages.ts";
import { root } from "../test/root.ts";

/**
 * The public surface of every package, as Markdown: what each entry exports, with its types, without comments, sorted by name.
 * Reads the built declarations, which are what users get.
 */
export const describeApi = (
  packages: readonly PublishedPackage[],
  base = root,
): ReadonlyMap<string, string> => {
  const program = programOf(packages, base);
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

/** Only what is ours is followed: a name of another library is printed as it is written. */
const programOf = (packages: readonly PublishedPackage[], base: string): ts.Program => {
  const types = new Map(
    packages.flatMap(({ entries }) => entries.map((entry) => [entry.name, join(base, entry.types)])),
  );
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noLib: true,
    types: [],
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (literals, containing) =>
    literals.map(({ text }) => {
      const path = text.startsWith(".")
        ? join(dirname(containing), text.replace(/\.js$/, ".d.ts"))
        : types.get(text);
      return {
        resolvedModule:
          path === undefined
            ? undefined
            : { resolvedFileName: path, extension: ts.Extension.Dts, isExternalLibraryImport: false },
      };
    });
  return ts.createProgram([...types.values()], options, host);
};

const originalOf = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** The folder of the package that declares it. */
const packageOf = ({ declarations }: ts.Symbol, base: string): string | undefined => {
  const file = declarations?.[0]?.getSourceFile().fileName;
  const [first, folder] = file === undefined ? [] : relative(base, file).split(/[\\/]/);
  return first === "packages" ? folder : undefined;
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

/** What a declaration mentions, to be shown too. */
const namedIn = (checker: ts.TypeChecker, declaration: ts.Node): readonly ts.Symbol[] => {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      if (symbol !== undefined) {
        const original = originalOf(checker, symbol);
        if (original.declarations?.some((one) => isStatement(one)) === true) found.push(original);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
};

const isStatement = (node: ts.Node): boolean =>
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isClassDeclaration(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isEnumDeclaration(node) ||
  (ts.isVariableDeclaration(node) && ts.isSourceFile(node.parent.parent.parent));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
