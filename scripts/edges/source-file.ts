import ts from "typescript";

/** A source file as the edges see it. */
export interface SourceFile {
  /** Folder of its package: `core`. */
  readonly packageName: string;
  /** Path within the package's `src`: `client/meter-client.ts`. */
  readonly path: string;
  readonly isTest: boolean;
  readonly imports: readonly Mention[];
  /** Names used that the file does not declare itself. */
  readonly globals: readonly Mention[];
}

/** Something named in a file. */
export interface Mention {
  readonly name: string;
  readonly line: number;
}

const TEST_FILE = /\.test(-d)?\.ts$/;
// What only tests use: suites that vitest runs, and stand-ins.
const TEST_FOLDER = /(^|\/)testing\//;

/** Reads imports (also dynamic ones) and the names that come from outside. */
export const readSource = (
  packageName: string,
  path: string,
  text: string,
  names: ReadonlySet<string>,
): SourceFile => {
  const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number): number => parsed.getLineAndCharacterOfPosition(position).line + 1;
  const imports = ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName, pos }) => ({ name: fileName, line: lineOf(pos) }));
  const globals: Mention[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && names.has(node.text) && isUse(node))
      globals.push({ name: node.text, line: lineOf(node.getStart()) });
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  const isTest = TEST_FILE.test(path) || (TEST_FOLDER.test(path) && packageName !== "testing");
  return { packageName, path, isTest, imports, globals };
};

/** A name that stands for a value from outside; not a property's, a type's key or a declared one. */
const isUse = (node: ts.Identifier): boolean => {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) {
    return (
      parent.expression === node ||
      (ts.isIdentifier(parent.expression) && parent.expression.text === "globalThis")
    );
  }
  if (ts.isBindingElement(parent)) return false;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return !("name" in parent && parent.name === node);
};
