import type { SourceRow } from "./source-row.ts";

const LONGEST_LINE = 1024 * 1024;

/** Reads the rows of NDJSON: one JSON object per line. Skips empty lines. */
export async function* readNdjson(text: AsyncIterable<string>): AsyncGenerator<SourceRow, void, undefined> {
  let line = 0;
  let rest = "";
  for await (const piece of text) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const one of lines) {
      line++;
      const row = parseLine(one, line);
      if (row !== undefined) yield row;
    }
    if (rest.length > LONGEST_LINE) {
      yield { line: line + 1, fault: `a line of more than ${LONGEST_LINE} characters`, isLast: true };
      return;
    }
  }
  const row = parseLine(rest, line + 1);
  if (row !== undefined) yield row;
}

const parseLine = (text: string, line: number): SourceRow | undefined => {
  if (text.trim() === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? { line, cells: value } : { line, fault: "expected a JSON object" };
  } catch (error) {
    return { line, fault: `expected JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
