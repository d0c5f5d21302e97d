import { type Catalog, isMeterError, parseCatalog } from "@meter-lib/core";
import { type Document, isNode, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";

/**
 * Parses a catalog from YAML or JSON text. Ids are taken literally, even where YAML would read a number (`00123`).
 *
 * @param file - the file name in errors
 * @throws CliError with a line for each mistake: `meters.yaml:14: [3].type: expected …`
 */
export const parseYamlCatalog = (text: string, file: string): Catalog => {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    uniqueKeys: (one, other) =>
      one === other || (isScalar(one) && isScalar(other) && one.source === other.source),
  });
  const at = (offset: number, fault: string) => `${file}:${lines.linePos(offset).line}: ${fault}`;
  const faults = document.errors.map(({ pos, message }) => at(pos[0], message));
  if (faults.length === 0)
    faults.push(...settleNodes(document).map(({ node, fault }) => at(node.range?.[0] ?? 0, fault)));
  if (faults.length > 0) throw wrongCatalog(faults);
  const value = toValue(document, file);
  try {
    return parseCatalog(value);
  } catch (error) {
    if (!isMeterError(error)) throw error;
    throw wrongCatalog(
      error.issues.map(({ field, given, expected }) =>
        at(offsetOf(document, field), `${field}: expected ${expected}, got ${given}`),
      ),
    );
  }
};

const wrongCatalog = (faults: readonly string[]): CliError => new CliError(EXIT.data, faults);

interface NodeFault {
  readonly node: Node;
  readonly fault: string;
}

/** Replaces ids by their literal text, and finds what the parser checks late: undefined aliases, keys that are not text. */
const settleNodes = (document: Document): readonly NodeFault[] => {
  const faults: NodeFault[] = [];
  const anchors = new Set<string>();
  visit(document, {
    Value: (_, { anchor }) => {
      if (anchor !== undefined) anchors.add(anchor);
    },
    Alias: (_, node) => {
      if (!anchors.has(node.source))
        faults.push({ node, fault: `expected the anchor &${node.source} before its alias, found none` });
    },
    Pair: (_, { key, value }) => {
      if (isScalar(key)) {
        if (typeof key.value !== "symbol") key.value = key.source ?? key.value;
        if (key.value === "meter_id" && isScalar(value) && typeof value.value === "number")
          value.value = value.source ?? value.value;
      } else if (isNode(key)) {
        faults.push({ node: key, fault: "expected a key that is text" });
      }
    },
  });
  return faults;
};

/** Aliases share their value, so their number needs no limit. */
const toValue = (document: Document, file: string): unknown => {
  try {
    return document.toJS({ maxAliasCount: -1 });
  } catch (error) {
    // A merge of something other than a map, or an alias inside its own anchor.
    const why = error instanceof RangeError ? "an anchor contains itself" : String(error);
    throw new CliError(EXIT.data, `${file}: expected YAML that can be resolved: ${why}`, {
      cause: error,
    });
  }
};

/** Returns the position of the innermost part of a path, such as `[3].type` or `["page.basic"].unit`, that the text contains. */
const offsetOf = (document: Document, field: string): number => {
  const path = [...field.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => (index === undefined ? (quoted ?? name ?? "") : Number(index)),
  );
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
};
