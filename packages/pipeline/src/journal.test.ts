import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Journal } from "./journal.ts";
import { writerOperations } from "./writer-operations.ts";

const newPath = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "meter-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return path.join(folder, "journal.jsonl");
};
const operationAt = writerOperations(0, 3);

test("a journal that is opened again knows what was written and what was stored", () => {
  const file = newPath();
  const first = new Journal(file);
  first.append([operationAt(0), operationAt(1)]);
  first.markStored(2);
  first.append([operationAt(2)]);
  first.close();
  // The process ended in the middle of a line.
  appendFileSync(file, '{"event_id":"wri');
  const second = new Journal(file);
  expect(second).toMatchObject({ written: 3, stored: 2 });
  second.append([operationAt(3)]);
  second.close();
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).event_id ?? "mark")).toEqual([
    operationAt(0).event.event_id,
    operationAt(1).event.event_id,
    "mark",
    operationAt(2).event.event_id,
    operationAt(3).event.event_id,
  ]);
});

test("the nth operation of a writer is always the same, and no two writers share one", () => {
  expect(writerOperations(0, 3)(12_345)).toEqual(operationAt(12_345));
  expect(writerOperations(1, 3)(0).event.event_id).not.toBe(operationAt(0).event.event_id);
});

test("a correction is of an event that was recorded before, also long before", () => {
  const recorded = new Map<string, number>();
  const distances = Array.from({ length: 3_000 }, (_, n) => {
    const { event, correction } = operationAt(n);
    if (correction === undefined) recorded.set(event.event_id, n);
    return correction === undefined ? 0 : n - (recorded.get(event.event_id) ?? Number.POSITIVE_INFINITY);
  });
  expect(recorded.size).toBe(2_700);
  const cancelled = new Set<string>();
  for (let n = 0; n < 3_000; n++) {
    const { event, correction } = operationAt(n);
    expect(cancelled, "what was cancelled is corrected no more").not.toContain(event.event_id);
    if (correction === "cancel") cancelled.add(event.event_id);
  }
  expect(cancelled.size).toBeGreaterThan(10);
  expect(Math.max(...distances)).toBeLessThan(1_000);
  expect(Math.max(...distances)).toBeGreaterThan(500);
});
