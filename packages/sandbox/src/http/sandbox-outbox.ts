import type { Outbox } from "@meter-lib/core";

/**
 * An outbox of the app under development, opened separately over the same store for inspection. The sandbox takes no events from it and
 * does not close it. A method may throw while there is nothing to inspect; the dashboard then shows the message.
 */
export type SandboxOutbox = Pick<
  Outbox,
  "name" | "accounts" | "list" | "redrive" | "discard" | "ledger" | "ledgerIds" | "producers"
>;
