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
 * Opens an outbox for reading, in the calling thread, one call at a time. Changes neither the file, which others may be using, nor anything
 * beside it. Calls reject like those of `sqliteOutbox`; a damaged file stays where it is.
 */
export const sqliteOutboxView = (path: string): OutboxView =>
  logView(readableStore(path), outboxSettings({ path }).log);

const readableStore = (path: string): Omit<Store, "lock" | "isLocked"> => {
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
        file = { db, tx: transactionOn(openTables(db)) };
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
    close: () => file?.db.close(),
  };
};
