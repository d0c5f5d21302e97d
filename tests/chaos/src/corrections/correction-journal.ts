import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** What a writer is about to do: it is written down first, so that after a kill it can be done again. */
export interface JournalEntry {
  readonly what: "record" | "amend" | "cancel";
  readonly event_id: string;
  readonly usage: number;
}

export const writeEntry = (path: string, entry: JournalEntry): void =>
  appendFileSync(path, `${JSON.stringify(entry)}\n`);

/** A line that a kill cut off was not begun to be done. */
export const readJournal = (path: string): readonly JournalEntry[] =>
  (existsSync(path) ? readFileSync(path, "utf8") : "")
    .split("\n")
    .slice(0, -1)
    .map((line): JournalEntry => JSON.parse(line));

/** The last entry of each event. */
export const latestOf = (entries: readonly JournalEntry[]): ReadonlyMap<string, JournalEntry> =>
  new Map(entries.map((entry) => [entry.event_id, entry]));
