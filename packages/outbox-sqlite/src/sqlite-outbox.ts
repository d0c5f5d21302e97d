import { existsSync } from "node:fs";
import { logOutbox, type Outbox } from "@meter-lib/core/store";
import { outboxThread } from "./outbox-thread.ts";
import { remoteOutbox } from "./remote-outbox.ts";
import { outboxSettings, type SqliteOutboxOptions } from "./sqlite-outbox-options.ts";
import { sqliteStore } from "./sqlite-store.ts";

const IN_A_BUNDLE =
  'the worker file of the outbox is not next to the bundle, so each commit blocks the event loop: exclude @meter-lib/outbox-sqlite from the bundle, or set thread: "main"';

/**
 * Creates a durable outbox in an SQLite file. A committed event survives the end of the process and a power cut. Several processes on one
 * machine may open the same file; the next claim takes over the events of a dead process.
 *
 * Calls reject with a `MeterError`: `no_room` if the disk is full, `outbox_failed` if the file cannot be used at the moment,
 * `invalid_options` if it is not an outbox that this version can read, `closed` after `close()`.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const client = new MeterClient({ transport, customerLookup, outbox: sqliteOutbox({ path: "/var/lib/app/meter.db" }) });
 * ```
 */
export const sqliteOutbox = (options: SqliteOutboxOptions): Outbox => {
  const settings = outboxSettings(options);
  const { store, log } = settings;
  if (options.thread === "main") return logOutbox(sqliteStore(store), log);
  const file = workerFile();
  if (file !== undefined) return remoteOutbox(settings, outboxThread(file, settings));
  return logOutbox(sqliteStore({ ...store, notice: IN_A_BUNDLE }), log);
};

/** The thread's file. Undefined in a bundle without it, and in CommonJS, which has no URL. */
const workerFile = (): URL | undefined => {
  const here: string | undefined = import.meta.url;
  if (here === undefined) return undefined;
  const file = new URL(here.endsWith(".ts") ? "./outbox-worker.ts" : "./outbox-worker.js", here);
  return existsSync(file) ? file : undefined;
};
