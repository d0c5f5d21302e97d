import type { Outbox } from "@meter-lib/core";

/**
 * An outbox of the app under development, to look into beside the app: an opened one of its own over the same store. The
 * sandbox takes no events from it and does not close it. A method may throw while there is nothing to look into; the
 * dashboard then shows the message.
 */
export type SandboxOutbox = Pick<
  Outbox,
  "name" | "accounts" | "list" | "redrive" | "discard" | "ledger" | "ledgerIds" | "producers"
>;
