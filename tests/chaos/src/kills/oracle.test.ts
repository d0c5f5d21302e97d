import { describe, expect, test } from "vitest";
import { type Arrival, type Evidence, findings, judge } from "./oracle.ts";

const id = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`;
const arrival = (number: number, fields: Partial<Arrival> = {}): Arrival => ({
  id: id(number),
  tenant: "t",
  usage: 1,
  bytes: `bytes of ${number}`,
  counted: true,
  ...fields,
});

const NONE: ReadonlySet<string> = new Set();
const evidence = (fields: Partial<Evidence>): Evidence => ({
  journal: [1, 2].map((number) => `I ${id(number)} t 1\nD ${id(number)}\n`).join(""),
  arrivals: [arrival(1), arrival(2)],
  pending: NONE,
  quarantined: NONE,
  rejected: NONE,
  dedup: true,
  ...fields,
});

test("when all is well it finds nothing, and reports duplicates that were received", () => {
  const verdict = judge(evidence({ arrivals: [arrival(1), arrival(2), arrival(2, { counted: false })] }));
  expect(findings(verdict)).toEqual([]);
  expect(verdict).toMatchObject({ issued: 2, durable: 2, arrivals: 3, counted: 2, duplicatesReceived: 1 });
});

describe("it finds", () => {
  test.each<[string, Partial<Evidence>, RegExp]>([
    ["an event deleted before it was acknowledged", { arrivals: [arrival(1)] }, /^1 lost/],
    ["an event counted twice", { arrivals: [arrival(1), arrival(2), arrival(2)] }, /^1 counted twice/],
    ["a new id on retry", { arrivals: [arrival(1), arrival(2), arrival(3)] }, /never issued/],
    [
      "other bytes on retry",
      { arrivals: [arrival(1), arrival(2), arrival(2, { bytes: "x", counted: false })] },
      /altered/,
    ],
    ["another usage than issued", { arrivals: [arrival(1), arrival(2, { usage: 5 })] }, /altered/],
    ["an event of another tenant", { arrivals: [arrival(1), arrival(2, { tenant: "u" })] }, /altered/],
    ["one that is never delivered", { arrivals: [arrival(1)], pending: new Set([id(2)]) }, /left over/],
    [
      "an unsure one that is not in quarantine",
      { dedup: false, arrivals: [arrival(1), arrival(2, { unsure: true })] },
      /not in quarantine/,
    ],
    ["an unhandled rejection", { journal: `U Error: boom\nI ${id(1)} t 1\nI ${id(2)} t 1\n` }, /alarms/],
  ])("%s", (_, fields, finding) => {
    expect(findings(judge(evidence(fields))).join()).toMatch(finding);
  });

  test("nothing wrong with an event that was cut off before it was durable, or with a line that was cut short", () => {
    const journal = `I ${id(1)} t 1\nD ${id(1)}\nI ${id(2)} t 1\nI ${id(3).slice(0, 20)}`;
    expect(findings(judge(evidence({ journal, arrivals: [arrival(1)] })))).toEqual([]);
  });
});
