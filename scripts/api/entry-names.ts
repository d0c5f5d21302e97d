import ts from "typescript";

/** What an entry's source exports, by name. Entries name each export: there is no `export *`. */
export const entryNames = (text: string): readonly string[] =>
  ts
    .createSourceFile("entry.ts", text, ts.ScriptTarget.Latest)
    .statements.flatMap((statement) =>
      ts.isExportDeclaration(statement) &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause)
        ? statement.exportClause.elements.map(({ name }) => name.text)
        : [],
    );
