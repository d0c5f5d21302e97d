import { existsSync } from "node:fs";
import type { Outbox } from "@meter-lib/core";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import type { Io } from "./terminal/io.ts";
import { printWarning } from "./terminal/print.ts";

/**
 * An outbox whose ended events stay known for ever: a file that is imported again months later counts nothing twice, and a
 * look at the outbox of a service takes nothing from it.
 */
export const rememberingOutbox = (path: string): Outbox =>
  sqliteOutbox({
    path,
    tombstones: { windowMs: Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER },
  });

/** Refuses a path where nothing is: opening it would make an empty outbox of a typing error. */
export const mustExist = (path: string): void => {
  if (!existsSync(path)) throw new CliError(EXIT.storage, `${path}: expected an outbox file, found nothing`);
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
