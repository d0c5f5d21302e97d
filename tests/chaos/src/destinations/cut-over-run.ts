import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSandbox } from "@meter-lib/sandbox";
import { startChild } from "../kills/child.ts";
import { eventTime } from "./event-time.ts";

const WRITER = fileURLToPath(new URL("./cut-over-writer.ts", import.meta.url));
const AT = Date.parse("2026-03-01T00:00:00Z");

export interface CutOverRun {
  readonly expected: readonly [before: Sums, after: Sums];
  readonly counted: readonly [before: Sums, after: Sums];
}

interface Sums {
  readonly events: number;
  readonly usage: number;
}

/** Records events around a cut-over between two sandboxes, in a process that is killed again and again. */
export const cutOverRun = async (events: number, kills: number): Promise<CutOverRun> => {
  const folder = await mkdtemp(join(tmpdir(), "cut-over-"));
  const tenants = { tenant: "customer" };
  await using before = await createSandbox({ tenants });
  await using after = await createSandbox({ tenants });
  try {
    for (let killed = 0; ; killed++) {
      const files = [join(folder, "usage.db"), before.url, after.url, join(folder, "journal")];
      const child = startChild(WRITER, [...files, String(AT), String(events)]);
      const lines = killed < kills ? Math.ceil(events / 10 / (kills + 1)) : Number.POSITIVE_INFINITY;
      let line = await child.nextLine();
      for (let seen = 1; line !== undefined && seen < lines; seen++) line = await child.nextLine();
      if (line !== undefined) child.signal("SIGKILL");
      const end = await child.ended;
      if (line !== undefined) continue;
      if (end !== 0) throw new Error(`the writer ended with ${end}: ${child.errors()}`);
      break;
    }
    const all = Array.from({ length: events }, (_, number) => number);
    const isBefore = (number: number): boolean => eventTime(number, AT) < AT;
    return {
      expected: [sumOf(all.filter(isBefore)), sumOf(all.filter((number) => !isBefore(number)))],
      counted: [countedBy(before.usage()), countedBy(after.usage())],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};

const sumOf = (numbers: readonly number[]): Sums => ({
  events: numbers.length,
  usage: numbers.reduce((sum, number) => sum + number, 0),
});

const countedBy = (rows: readonly { readonly events: number; readonly total_usage: number }[]): Sums => ({
  events: rows.reduce((sum, row) => sum + row.events, 0),
  usage: rows.reduce((sum, row) => sum + row.total_usage, 0),
});
