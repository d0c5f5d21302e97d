import fc from "fast-check";
import { expect, test } from "vitest";
import { RepeatCounter } from "./repeat-counter.ts";
import { rowMark } from "./row-id.ts";

const markOf = (device_id: string, source = "") =>
  rowMark(
    {
      meter_id: "m",
      tenant_id: "t",
      device_id,
      event_time: 1,
      total_usage: 1,
      start_time: undefined,
      end_time: undefined,
      event_id: undefined,
      session_id: undefined,
      metadata: undefined,
    },
    source,
  );

test("numbers equal rows from 1, whatever stands between them", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (rows) => {
      const marks = rows.map((row) => markOf(String(row)));
      const counter = new RepeatCounter(0);
      for (const mark of marks) counter.see(mark);
      const before = new Map<string, number>();
      for (const mark of marks) {
        const number = (before.get(mark) ?? 0) + 1;
        before.set(mark, number);
        expect(counter.number(mark)).toBe(number);
      }
    }),
  );
});

test("takes a new row for an old one seldom enough for memory to stay small", () => {
  // As many rows as a file of 5 MB has; the sum of bytes of their marks would be 3.2 MB.
  const rows = 100_000;
  const counter = new RepeatCounter(5_000_000);
  for (let row = 0; row < rows; row++) counter.see(markOf(String(row)));
  expect(counter.remembered).toBeLessThan(rows / 500);
});

test("a mark follows from the content and the source alone", () => {
  expect(markOf("a")).toBe(markOf("a"));
  expect(new Set([markOf("a"), markOf("b"), markOf("a", "other")]).size).toBe(3);
  // Ids are made of it: another mark for the same row would count it twice.
  expect(markOf("a")).toBe("9fe46886af4390cb78f8cdba58c785f4");
});
