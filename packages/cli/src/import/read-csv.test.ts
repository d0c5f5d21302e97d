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
  all(readCsv(pieces(text, size), { delimiter: ",", onHeader: () => {} }));

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

test("every row comes back, with the line that it begins on, however the text is cut", async () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "é", "😀", ",", '"', "\n", " ") });
  const rows = fc.array(fc.tuple(cell, cell), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 50 }), async (cells, size) => {
      let line = 2;
      const expected = cells.map(([a, b]) => {
        const row = { line, cells: { a, b } };
        line += 1 + (a + b).split("\n").length - 1;
        return row;
      });
      const text = ["a,b", ...cells.map((row) => row.map(quoted).join(","))].join("\n");
      expect(await csv(text, size)).toEqual(expected);
    }),
  );
});

test("a row of another width is told, and those behind it are read", async () => {
  expect(await csv("\uFEFFa,b\r\n1,2\r\n\r\n3\r\n4,5,6\r\n7,8")).toEqual(
    expect.arrayContaining([
      { line: 2, cells: { a: "1", b: "2" } },
      { line: 4, fault: "Invalid Record Length: columns length is 2, got 1" },
      { line: 5, fault: "Invalid Record Length: columns length is 2, got 3" },
      { line: 6, cells: { a: "7", b: "8" } },
    ]),
  );
});

test("behind a wrong quote nothing is read, and that is told", async () => {
  const rows = await csv('a,b\n1,2\n3,"4"x\n5,6');
  expect(rows.find(({ fault }) => fault !== undefined)).toMatchObject({ line: 3, isLast: true });
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
