import type { DatabaseSync } from "node:sqlite";
import { numberIn, textIn } from "./column.ts";

/** Numbers for names, so that a row of the log holds small integers instead of texts. */
export interface Names {
  /** The number of a name, new where it was not known. Within a transaction. */
  numberOf(name: string): number;
  /** The number of a name, or undefined: for questions, which must not store anything. */
  find(name: string): number | undefined;
  nameOf(number: number): string | undefined;
  /** Clears the cache after a rollback or a reset. */
  reload(): void;
}

export const createNames = (database: DatabaseSync): Names => {
  const all = database.prepare("SELECT id, name FROM names");
  const insert = database.prepare("INSERT INTO names (name) VALUES (?)");
  const numbers = new Map<string, number>();
  const names = new Map<number, string>();
  const note = (id: number, name: string): void => {
    numbers.set(name, id);
    names.set(id, name);
  };

  const reload = (): void => {
    numbers.clear();
    names.clear();
    for (const row of all.iterate()) note(numberIn(row, "id"), textIn(row, "name"));
  };
  reload();

  return {
    numberOf: (name) => {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      const id = Number(insert.run(name).lastInsertRowid);
      note(id, name);
      return id;
    },
    nameOf: (number) => names.get(number),
    find: (name) => numbers.get(name),
    reload,
  };
};
