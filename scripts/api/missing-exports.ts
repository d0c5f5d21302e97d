import { join } from "node:path";
import type ts from "typescript";
import type { PublishedPackage } from "../packages/published-packages.ts";
import { root } from "../test/root.ts";
import { declarationProgram, namedIn, originalOf, packageOf } from "./declarations.ts";

/**
 * What another package exports and the types of `umbrella` show, but neither the entry that shows it nor the main one exports: who has
 * installed the umbrella alone cannot name it, and the compiler cannot write it into their declarations. By entry, sorted.
 */
export const missingExports = (
  umbrella: PublishedPackage,
  packages: readonly PublishedPackage[],
  base = root,
): ReadonlyMap<string, readonly string[]> => {
  const program = declarationProgram(packages, base);
  const checker = program.getTypeChecker();
  const exportsOf = ({ types }: { readonly types: string }): readonly ts.Symbol[] => {
    const file = program.getSourceFile(join(base, types));
    const module = file && checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${types} is no module: build the packages first`);
    return checker.getExportsOfModule(module).map((symbol) => originalOf(checker, symbol));
  };
  // What its own package keeps to itself is no name for others either.
  const nameable = new Set(packages.flatMap(({ entries }) => entries.flatMap(exportsOf)));
  const main = new Set(umbrella.entries.filter(({ name }) => name === umbrella.name).flatMap(exportsOf));
  return new Map(
    umbrella.entries.map((entry) => {
      const exported = exportsOf(entry);
      const shown = new Set<ts.Symbol>(exported);
      for (const symbol of shown)
        for (const declaration of symbol.declarations ?? [])
          for (const next of namedIn(checker, declaration)) if (isOurs(next, base)) shown.add(next);
      const missing = [...shown].filter(
        (symbol) => nameable.has(symbol) && !exported.includes(symbol) && !main.has(symbol),
      );
      return [entry.name, missing.map(({ name }) => name).sort()];
    }),
  );
};

const isOurs = (symbol: ts.Symbol, base: string): boolean => packageOf(symbol, base) !== undefined;
