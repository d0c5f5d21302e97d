import { dirname, join, relative } from "node:path";
import ts from "typescript";
import type { PublishedPackage } from "../packages/published-packages.ts";

/** Only what is ours is followed: a name of another library is printed as it is written. */
export const declarationProgram = (packages: readonly PublishedPackage[], base: string): ts.Program => {
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

export const originalOf = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** The folder of the package that declares it. */
export const packageOf = ({ declarations }: ts.Symbol, base: string): string | undefined => {
  const file = declarations?.[0]?.getSourceFile().fileName;
  const [first, folder] = file === undefined ? [] : relative(base, file).split(/[\\/]/);
  return first === "packages" ? folder : undefined;
};

/** What a declaration mentions, ours alone. */
export const namedIn = (checker: ts.TypeChecker, declaration: ts.Node): readonly ts.Symbol[] => {
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
