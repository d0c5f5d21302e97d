import { expect, test } from "vitest";
import { checkHeader } from "./check-header.ts";

test("a header of very many columns takes no more time than its length", () => {
  const header = Array.from({ length: 200_000 }, (_, index) => `c${index}`);
  const before = process.cpuUsage().user;
  const check = () =>
    checkHeader("usage.csv", header, {
      mapped: new Map(header.map((column) => [column, "metadata.x"])),
      ignored: new Set(),
      ignoreOthers: false,
      isUsed: (column) => column.endsWith("0"),
    });
  expect(check).toThrow('"c18", "c19", "c21", "c22" and 179980 more: name their fields');
  // Processor time, whatever else the machine does: one look at all columns for each of them took minutes.
  expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(10);
});
