import { existsSync } from "node:fs";
import { logOutbox, type Outbox } from "@meter-lib/core/store";
import { outboxThread } from "./outbox-thread.ts";
import { remoteOutbox } from "./remote-outbox.ts";
import { outboxSettings, type SqliteOutboxOptions } from "./sqlite-outbox-options.ts";
import { sqliteStore } from "./sqlite-store.ts";

const IN_A_BUNDLE =
  'the file of the outbox\'s thread is not beside the bundle, so each commit stalls the event loop: leave @meter-lib/outbox-sqlite out of the bundle, or ask for thread: "main"';

/**
 * A durable outbox in an SQLite file. A committed event survives the end of the process and a power cut. Several processes may open
 * the same file, on one machine; what a dead one held is taken over by the next that claims.
 *
 * Calls reject with a {@link MeterError}: `no_room` when the disk is full, `outbox_failed` when the file cannot be used at the moment,
 * `invalid_options` when it is no outbox that this version can read, `closed` after `close()`.
 *
 * @throws MeterError `invalid_options`
 */
export const sqliteOutbox = (options: SqliteOutboxOptions): Outbox => {
  const settings = outboxSettings(options);
  const { store, log } = settings;
  if (options.thread === "main") return logOutbox(sqliteStore(store), log);
  const file = workerFile();
  if (file !== undefined) return remoteOutbox(settings, outboxThread(file, settings));
  return logOutbox(sqliteStore({ ...store, notice: IN_A_BUNDLE }), log);
};

/** The thread's file. Undefined in a bundle that it was left out of; one in CommonJS has no URL of its own either. */
const workerFile = (): URL | undefined => {
  const here: string | undefined = import.meta.url;
  if (here === undefined) return undefined;
  const file = new URL(here.endsWith(".ts") ? "./outbox-worker.ts" : "./outbox-worker.js", here);
  return existsSync(file) ? file : undefined;
};
