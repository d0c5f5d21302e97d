import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Journal } from "./journal.ts";
import { writerEvents } from "./writer-events.ts";

const newPath = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "meter-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return path.join(folder, "journal.jsonl");
};
const eventAt = writerEvents(0, 3);

test("a journal that is opened again knows what was written and what was stored", () => {
  const file = newPath();
  const first = new Journal(file);
  first.append([eventAt(0), eventAt(1)]);
  first.markStored(2);
  first.append([eventAt(2)]);
  first.close();
  // The process ended in the middle of a line.
  appendFileSync(file, '{"event_id":"wri');
  const second = new Journal(file);
  expect(second).toMatchObject({ written: 3, stored: 2 });
  second.append([eventAt(3)]);
  second.close();
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).event_id ?? "mark")).toEqual([
    eventAt(0).event_id,
    eventAt(1).event_id,
    "mark",
    eventAt(2).event_id,
    eventAt(3).event_id,
  ]);
});

test("the nth event of a writer is always the same, and no two writers share one", () => {
  expect(writerEvents(0, 3)(12_345)).toEqual(eventAt(12_345));
  expect(writerEvents(1, 3)(0).event_id).not.toBe(eventAt(0).event_id);
});
