import { type Catalog, isMeterError, parseCatalog } from "@meter-lib/core";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";

/**
 * The catalog of a YAML or JSON text.
 *
 * @param file - what errors call it
 * @throws CliError with a line for each thing that is wrong: `meters.yaml:14: [3].type: expected …`
 */
export const parseYamlCatalog = (text: string, file: string): Catalog => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw wrongCatalog(
      document.errors.map(({ pos, message }) => `${file}:${lines.linePos(pos[0]).line}: ${message}`),
    );
  }
  try {
    return parseCatalog(document.toJS());
  } catch (error) {
    if (!isMeterError(error)) throw error;
    throw wrongCatalog(
      error.issues.map(
        ({ field, given, expected }) =>
          `${file}:${lineOf(document, lines, field)}: ${field}: expected ${expected}, got ${given}`,
      ),
    );
  }
};

const wrongCatalog = (faults: readonly string[]): CliError => new CliError(EXIT.data, faults.join("\n"));

/** The line of the innermost part of a path such as `[3].type` or `["page.basic"].unit` that the text has. */
const lineOf = (document: Document, lines: LineCounter, field: string): number => {
  const path = [...field.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => (index === undefined ? (quoted ?? name ?? "") : Number(index)),
  );
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
};
