import type { DatabaseSync } from "node:sqlite";
import {
  logView,
  MeterError,
  type OutboxView,
  type Store,
  type StoreTransaction,
} from "@meter-lib/core/store";
import { checkOurs, openReadOnly } from "./open-database.ts";
import { storeError } from "./sqlite-failure.ts";
import { outboxSettings } from "./sqlite-outbox-options.ts";
import { openTables, transactionOn } from "./table.ts";

/**
 * An outbox to look into, in the calling thread, one call at a time. Nothing is changed: neither the file, which others may be working
 * with, nor what is beside it. Calls reject as those of `sqliteOutbox` do; a damaged file stays where it is.
 */
export const sqliteOutboxView = (path: string): OutboxView =>
  logView(readOnlyStore(path), outboxSettings({ path }).log);

/** A store in which nothing that is put arrives: a log over it may do what it always does, and only reads. */
const readOnlyStore = (path: string): Store => {
  const name = `sqlite ${path}`;
  let file: { readonly db: DatabaseSync; readonly tx: StoreTransaction } | undefined;
  return {
    name,
    durable: true,
    open: () => {
      try {
        const db = openReadOnly(path);
        if (checkOurs(db, path) === "empty")
          throw new MeterError("invalid_options", `${path} is empty, expected an outbox`);
        file = { db, tx: { ...transactionOn(openTables(db)), put: () => {}, delete: () => {} } };
        return [];
      } catch (error) {
        throw storeError(error, name);
      }
    },
    transact: async (work) => {
      if (file === undefined) throw new MeterError("outbox_failed", `${name} is not open`);
      const { db, tx } = file;
      try {
        db.exec("BEGIN");
        return await work(tx);
      } catch (error) {
        throw storeError(error, name);
      } finally {
        if (db.isTransaction) db.exec("ROLLBACK");
      }
    },
    lock: () => ({ isHeld: () => true, release: () => {} }),
    isLocked: () => true,
    close: () => file?.db.close(),
  };
};
