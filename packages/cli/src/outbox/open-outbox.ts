import { existsSync, statSync } from "node:fs";
import type { Outbox } from "@meter-lib/core";
import { postgresOutbox, postgresOutboxView } from "@meter-lib/outbox-postgres";
import { type OutboxView, sqliteOutbox, sqliteOutboxView } from "@meter-lib/outbox-sqlite";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Io } from "../terminal/io.ts";
import { printWarning } from "../terminal/print.ts";
import { PLACE, postgresPlace } from "./postgres-place.ts";

const ALL = Number.MAX_SAFE_INTEGER;

/**
 * Opens an outbox with unlimited retention: a file that is imported again months later counts nothing twice, and a command on the outbox of
 * a service discards nothing that the service would keep.
 */
export const rememberingOutbox = (place: string): Outbox => {
  const options = {
    tombstones: { windowMs: ALL, max: ALL },
    deadLetters: { maxEvents: ALL, maxBytes: ALL },
    retention: { ledgerMs: ALL },
  };
  const database = postgresPlace(place);
  return database === undefined
    ? sqliteOutbox({ path: place, ...options })
    : postgresOutbox({ ...database, ...options });
};

/** Throws if there is no file: opening it would create an empty outbox from a typo. */
export const mustExist = (path: string): void => {
  // A variable of the shell that is not set.
  if (path === "") throw CliError.usage("<outbox>", PLACE, "an empty text");
  if (postgresPlace(path) === undefined && !existsSync(path))
    throw new CliError(EXIT.storage, `${path}: expected an outbox file, found nothing`);
};

/** Reads an existing outbox, then closes it. Changes nothing, even while its service uses it. */
export const lookInto = async <Value>(
  path: string,
  work: (outbox: OutboxView) => Promise<Value>,
): Promise<Value> => {
  mustExist(path);
  const database = postgresPlace(path);
  const outbox = database === undefined ? sqliteOutboxView(path) : postgresOutboxView(database);
  try {
    await outbox.open();
    return await work(outbox);
  } finally {
    await outbox.close();
  }
};

/** Like `lookInto`, for an outbox that may be created later: `work` then gets undefined. */
export const lookIntoPerhaps = <Value>(
  path: string,
  work: (outbox: OutboxView | undefined) => Promise<Value>,
): Promise<Value> => {
  // An outbox may be created in an empty file.
  const isThere = postgresPlace(path) !== undefined || statSync(path, { throwIfNoEntry: false })?.size;
  return isThere ? lookInto(path, work) : work(undefined);
};

/** Works on an existing outbox without delivering anything, then closes it. */
export const withOutbox = async <Value>(
  path: string,
  io: Io,
  work: (outbox: Outbox) => Promise<Value>,
): Promise<Value> => {
  mustExist(path);
  const outbox = rememberingOutbox(path);
  try {
    const { warnings } = await outbox.open();
    for (const warning of warnings) await printWarning(io.stderr, warning);
    return await work(outbox);
  } finally {
    await outbox.close();
  }
};
