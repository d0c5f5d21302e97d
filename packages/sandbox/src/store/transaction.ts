import type { DatabaseSync } from "node:sqlite";

/** Runs work in one transaction: all of it is stored, or none. */
export type Transact = <T>(work: () => T) => T;

/** `onRollback` lets caches discard what was not stored. */
export const createTransact = (database: DatabaseSync, onRollback: () => void): Transact => {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  return (work) => {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      onRollback();
      throw error;
    }
  };
};
