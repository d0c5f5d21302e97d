import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** What becomes of a row: its JSON; null, and it goes. */
export type RowChange = readonly [name: string, json: string | null];

export interface Journal {
  /** Returns when the disk has them. */
  append(changes: readonly RowChange[]): void;
  close(): void;
}

export const applyChange = (rows: Map<string, string>, [name, json]: RowChange): void => {
  if (json === null) rows.delete(name);
  else rows.set(name, json);
};

/** Reads the rows, and writes the journal anew without what is out of date. A line that is not complete was never committed. */
export const openJournal = (file: string, rows: Map<string, string>): Journal => {
  rows.clear();
  closeSync(openSync(file, "a", 0o600));
  for (const line of readFileSync(file, "utf8").split("\n").slice(0, -1))
    for (const change of JSON.parse(line)) applyChange(rows, change);
  const journal = openSync(`${file}.new`, "w", 0o600);
  const append = (changes: readonly RowChange[]): void => {
    const line = Buffer.from(`${JSON.stringify(changes)}\n`);
    for (let written = 0; written < line.length; ) written += writeSync(journal, line, written);
    fsyncSync(journal);
  };
  append([...rows]);
  renameSync(`${file}.new`, file);
  const folder = openSync(dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
  return { append, close: () => closeSync(journal) };
};
