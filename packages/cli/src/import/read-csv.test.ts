import fc from "fast-check";
import { expect, test } from "vitest";
import { readCsv } from "./read-csv.ts";
import { readNdjson } from "./read-ndjson.ts";
import type { SourceRow } from "./source-row.ts";

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  // By characters, as a decoder gives them: never half of one.
  const characters = [...text];
  for (let at = 0; at < characters.length; at += size) yield characters.slice(at, at + size).join("");
}

const all = async (rows: AsyncIterable<SourceRow>): Promise<readonly SourceRow[]> => {
  const found: SourceRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
};

const csv = (text: string, size = text.length) =>
  all(readCsv(pieces(text, size), { delimiter: ",", onHeader: (columns) => columns }));

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

test("every row comes back, with the line that it begins on, however lines end and the text is cut", async () => {
  const cell = fc.array(fc.constantFrom("a", "é", "😀", ",", '"', "\n", "\r\n", " ")).map((parts) => ({
    text: parts.join(""),
    breaks: parts.filter((part) => part.endsWith("\n")).length,
  }));
  const end = fc.constantFrom("\n", "\r\n");
  const rows = fc.array(fc.tuple(cell, cell, fc.array(end, { minLength: 1, maxLength: 3 })), {
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(end, rows, fc.integer({ min: 1, max: 50 }), async (headerEnd, cells, size) => {
      let line = 2;
      let text = `a,b${headerEnd}`;
      const expected = cells.map(([a, b, ends]) => {
        const row = { line, cells: { a: a.text, b: b.text } };
        line += ends.length + a.breaks + b.breaks;
        text += `${quoted(a.text)},${quoted(b.text)}${ends.join("")}`;
        return row;
      });
      expect(await csv(text, size)).toEqual(expected);
    }),
  );
});

test("a row says the same whatever ends its line: no carriage return is left in its last cell", async () => {
  for (const text of ["a,b\n1,large\r\n", "a,b\r\n1,large\n", "a,b\r1,large\r", "a,b\r\n1,large"])
    expect(await csv(text)).toEqual([{ line: 2, cells: { a: "1", b: "large" } }]);
});

test("a column that is passed over is in no row", async () => {
  const onHeader = (columns: readonly string[]) => columns.map((name) => (name === "a" ? name : undefined));
  const text = "a,,note,note\n1,2,3,4";
  expect(await all(readCsv(pieces(text, 5), { delimiter: ",", onHeader }))).toEqual([
    { line: 2, cells: { a: "1" } },
  ]);
});

test("a row of another width is told, and those behind it are read", async () => {
  expect(await csv("\uFEFFa,b\r\n1,2\r\n\r\n3\r\n4,5,6\r\n7,8")).toEqual([
    { line: 2, cells: { a: "1", b: "2" } },
    { line: 4, fault: "expected 2 cells, as in the header, got 1" },
    { line: 5, fault: "expected 2 cells, as in the header, got 3" },
    { line: 6, cells: { a: "7", b: "8" } },
  ]);
});

test("behind a wrong quote nothing is read, and that is told", async () => {
  expect(await csv('a,b\n1,2\n3,"4"x\n5,6')).toEqual([
    { line: 2, cells: { a: "1", b: "2" } },
    { line: 3, fault: expect.stringContaining("the rest was not read"), isLast: true },
  ]);
  expect(await csv("\n\n")).toEqual([
    { line: 1, fault: "expected a header, found an empty file", isLast: true },
  ]);
});

test("NDJSON: lines, and what is wrong with them", async () => {
  expect(await all(readNdjson(pieces('{"a":1}\r\n\n[2]\n{"a":\n{"a":3}', 3)))).toEqual([
    { line: 1, cells: { a: 1 } },
    { line: 3, fault: "expected a JSON object" },
    { line: 4, fault: expect.stringContaining("expected JSON") },
    { line: 5, cells: { a: 3 } },
  ]);
  const endless = await all(readNdjson(pieces(`{"a":1}\n${"x".repeat(2_000_000)}`, 100_000)));
  expect(endless.at(-1)).toMatchObject({ line: 2, isLast: true });
});
