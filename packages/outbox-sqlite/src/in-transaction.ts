import type { DatabaseSync } from "node:sqlite";

/** Runs a function in one transaction that has the write lock from the start; what it throws rolls everything back. */
export const inTransaction = <Answer>(db: DatabaseSync, work: () => Answer): Answer => {
  // IMMEDIATE: a transaction that begins by reading may fail to become a writer, and no busy timeout helps then.
  db.exec("BEGIN IMMEDIATE");
  try {
    const answer = work();
    db.exec("COMMIT");
    return answer;
  } catch (error) {
    // A full disk may have rolled back already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
};

/** Runs a function that reads more than once, with nothing written by others in between. */
export const inSnapshot = <Answer>(db: DatabaseSync, work: () => Answer): Answer => {
  db.exec("BEGIN");
  try {
    return work();
  } finally {
    if (db.isTransaction) db.exec("ROLLBACK");
  }
};
