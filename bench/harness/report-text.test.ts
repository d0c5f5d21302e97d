import { expect, test } from "vitest";
import { reportText } from "./report-text.ts";

const machine = {
  cpu: "A CPU",
  cores: 2,
  memoryGiB: 8,
  system: "linux x64",
  node: "v24.0.0",
  date: "2026-01-02 03:04",
  load: 0.1,
};

test("a report says by which command and on which machine, and its tables line up", () => {
  const rows = [
    { contestant: "ours", "events/s": 1234567, spread: "0.70–0.80" },
    { contestant: "another", "events/s": 12, spread: "" },
  ];
  expect(
    reportText({ tables: [{ title: "Rates", rows }], notes: ["A note."] }, "pnpm bench rates", machine),
  ).toBe(`\`pnpm bench rates\`, 2026-01-02 03:04 UTC, A CPU, 2 cores, 8 GiB, linux x64, Node v24.0.0, load before it 0.1.

Rates:

| contestant |  events/s |    spread |
| ---------- | --------: | --------: |
| ours       | 1,234,567 | 0.70–0.80 |
| another    |        12 |           |

A note.`);
});
