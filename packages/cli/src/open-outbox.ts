import { existsSync } from "node:fs";
import type { Outbox } from "@meter-lib/core";
import { type OutboxView, sqliteOutbox, sqliteOutboxView } from "@meter-lib/outbox-sqlite";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import type { Io } from "./terminal/io.ts";
import { printWarning } from "./terminal/print.ts";

const ALL = Number.MAX_SAFE_INTEGER;

/**
 * An outbox that gives nothing up: a file that is imported again months later counts nothing twice, and work on the outbox of a
 * service discards nothing that the service would keep.
 */
export const rememberingOutbox = (path: string): Outbox =>
  sqliteOutbox({
    path,
    tombstones: { windowMs: ALL, max: ALL },
    letters: { maxEvents: ALL, maxBytes: ALL },
    retention: { ledgerMs: ALL },
  });

/** Refuses a path where nothing is: opening it would make an empty outbox of a typing error. */
export const mustExist = (path: string): void => {
  if (!existsSync(path)) throw new CliError(EXIT.storage, `${path}: expected an outbox file, found nothing`);
};

/** Looks into an existing outbox, then closes it. Nothing is changed, also while its service works with it. */
export const lookInto = async <Value>(
  path: string,
  work: (outbox: OutboxView) => Promise<Value>,
): Promise<Value> => {
  mustExist(path);
  const outbox = sqliteOutboxView(path);
  try {
    await outbox.open();
    return await work(outbox);
  } finally {
    await outbox.close();
  }
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
