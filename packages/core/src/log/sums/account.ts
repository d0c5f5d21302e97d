/**
 * Numbers of events by fate. At every instant `recorded = acknowledged + pending + rejected + quarantined + discarded + lost`; each figure
 * is counted independently. `refuted` is not part of the sum: it counts acknowledgements that were taken back, so `acknowledged + refuted`
 * acknowledgements were ever given.
 */
export interface Account {
  /** Accepted by `record()`, each identity once. */
  readonly recorded: number;
  /** Acknowledged by the receiver, or known to it. */
  readonly acknowledged: number;
  /** Waiting, parked or in flight. */
  readonly pending: number;
  /** Rejected permanently: dead letters, kept until redriven or discarded. */
  readonly rejected: number;
  /** May have been counted and not safe to send again; kept until redriven or discarded. */
  readonly quarantined: number;
  /** Given up by a person or a policy, with a reason. */
  readonly discarded: number;
  /** Dropped by a volatile outbox when it closed. */
  readonly lost: number;
  /** Acknowledged, and rejected by the receiver later; counted here whatever happened to the dead letter since. */
  readonly refuted: number;
}

/** The account in total, and for each meter that has had an event. */
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

/** A mutable account. */
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

/** Sums accounts, in total and per meter. */
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
