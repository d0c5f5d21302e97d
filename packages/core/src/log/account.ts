/**
 * Where events went, in events. At every instant
 * `recorded = acknowledged + pending + rejected + quarantined + discarded + lost`;
 * each figure is counted by itself, none is computed from the others. `refuted` stands outside: it tells how often an
 * acknowledgement was taken back, so that all that were ever given are `acknowledged + refuted`.
 */
export interface Account {
  /** Accepted by `record()`, each identity once. */
  readonly recorded: number;
  /** Named or known by the receiver. */
  readonly acknowledged: number;
  /** Waiting, parked or on the way. */
  readonly pending: number;
  /** Refused by the receiver for good: dead letters, kept until redriven or discarded. */
  readonly rejected: number;
  /** May have been counted and cannot be sent again safely; kept until redriven or discarded. */
  readonly quarantined: number;
  /** Given up by a person or a named policy, with a reason. */
  readonly discarded: number;
  /** Dropped by a volatile outbox at its end. */
  readonly lost: number;
  /** Acknowledged, and rejected by the receiver later; since then a dead letter, and whatever became of that. */
  readonly refuted: number;
}

/** The account in total and for each meter that has had an event. */
export interface Accounts extends Account {
  readonly meters: Readonly<Record<string, Account>>;
}

export type AccountField = keyof Account;

export const ACCOUNT_FIELDS: readonly AccountField[] = [
  "recorded",
  "acknowledged",
  "pending",
  "rejected",
  "quarantined",
  "discarded",
  "lost",
  "refuted",
];

/** An account that can be written to. */
export type MutableAccount = { -readonly [Field in AccountField]: Account[Field] };

export const emptyAccount = (): MutableAccount => ({
  recorded: 0,
  acknowledged: 0,
  pending: 0,
  rejected: 0,
  quarantined: 0,
  discarded: 0,
  lost: 0,
  refuted: 0,
});

/** Adds up accounts, in total and per meter. */
export const sumAccounts = (parts: Iterable<Accounts>): Accounts => {
  const total = emptyAccount();
  const meters = new Map<string, MutableAccount>();
  for (const part of parts) {
    for (const field of ACCOUNT_FIELDS) total[field] += part[field];
    for (const [meter_id, account] of Object.entries(part.meters)) {
      const sum = meters.get(meter_id) ?? emptyAccount();
      for (const field of ACCOUNT_FIELDS) sum[field] += account[field];
      meters.set(meter_id, sum);
    }
  }
  return { ...total, meters: Object.fromEntries(meters) };
};
