import type { OutboxChanges } from "./outbox.ts";

/** A transaction that changes nothing: spread it and name the lists that are not empty, where an outbox is used without a client. */
export const NO_CHANGES: Omit<OutboxChanges, "now"> = {
  acknowledge: [],
  release: [],
  bury: [],
  append: [],
  lease: [],
  sessions: [],
  unhold: [],
};
