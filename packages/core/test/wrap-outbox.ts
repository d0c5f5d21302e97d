import type { Outbox } from "../src/index.ts";

/** Wraps an outbox and overrides the given methods. */
export const wrapOutbox = (inner: Outbox, changed: Partial<Outbox>): Outbox => ({
  name: inner.name,
  durable: inner.durable,
  ...(inner.bodies === undefined ? {} : { bodies: inner.bodies }),
  limits: inner.limits,
  open: () => inner.open(),
  commit: (changes) => inner.commit(changes),
  claim: (request) => inner.claim(request),
  accounts: () => inner.accounts(),
  list: (query) => inner.list(query),
  redrive: (selection) => inner.redrive(selection),
  discard: (selection, reason) => inner.discard(selection, reason),
  erase: (tenant_id, reason) => inner.erase(tenant_id, reason),
  freeze: (before) => inner.freeze(before),
  ledger: (range) => inner.ledger(range),
  refute: (refutations) => inner.refute(refutations),
  standing: (identity) => inner.standing(identity),
  correct: (request) => inner.correct(request),
  ledgerIds: (row) => inner.ledgerIds(row),
  producers: () => inner.producers(),
  claimSessions: () => inner.claimSessions(),
  close: () => inner.close(),
  ...changed,
});
