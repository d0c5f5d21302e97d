import type {
  Accounts,
  Appended,
  ClaimRequest,
  LedgerId,
  LedgerKey,
  LedgerRange,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
  ProducerRow,
  SessionAnswer,
  SessionChange,
  SessionRow,
} from "@meter-lib/core";
import type { LooseEvents, PackedEvents } from "./packed-events.ts";
import type { StoreFailureKind } from "./store-failure.ts";

/** What the store needs to know; plain data, it crosses threads. */
export interface StoreOptions {
  readonly path: string;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly busyTimeoutMs: number;
  readonly tombstoneWindowMs: number;
  readonly maxTombstones: number;
  readonly rejectedMs: number | undefined;
  readonly quarantinedMs: number | undefined;
}

export interface StoreOpening {
  readonly producer: string;
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  readonly warnings: readonly string[];
}

/** Keys of events. */
export type Keys = readonly number[];

/** Rows that get the same delivery fields. */
export interface DeliveryChange {
  readonly customer_id: string;
  readonly attempts: number;
  readonly firstSentAt: number | undefined;
  readonly keys: Keys;
}

export interface BurialChange {
  readonly state: "rejected" | "quarantined";
  readonly reason: string;
  readonly status: number | undefined;
  readonly keys: Keys;
}

/** Delivery fields that a new event has already; rare. */
export interface AppendedDelivery {
  readonly place: number;
  readonly customer_id: string;
  readonly attempts: number;
  readonly firstSentAt: number | undefined;
}

/** New events that follow one another and are stored alike. Those for a segment are held, and their identities are new. */
export type AppendedEvents = { readonly packed: PackedEvents } | AppendedRows;

export interface AppendedRows {
  readonly loose: LooseEvents;
  readonly hold: boolean;
  /** Whether their identities may be there already. */
  readonly mayBeRepeats: boolean;
  readonly deliveries: readonly AppendedDelivery[];
}

/** The changes of one transaction: an object per event would cost more than its insert. */
export interface CommitInput {
  readonly now: number;
  readonly append: readonly AppendedEvents[];
  readonly acknowledge: Keys;
  readonly release: readonly DeliveryChange[];
  readonly bury: readonly BurialChange[];
  readonly lease: readonly DeliveryChange[];
  /** How many events `lease` names. */
  readonly leased: number;
  readonly unhold: Keys;
  readonly sessions: readonly SessionChange[];
}

export interface CommitOutput {
  /** Key and number of the first event that was recorded; the others follow. */
  readonly firstKey: number;
  readonly firstSeq: number;
  /** What was not recorded, by its place among the new events. */
  readonly others: readonly (readonly [index: number, appended: Appended])[];
  readonly sessions: readonly SessionAnswer[];
  readonly pendingEvents: number;
  readonly pendingBytes: number;
}

/** Rows as columns. */
export interface ClaimOutput {
  readonly count: number;
  /** Six for each: tenant, event id, meter, customer, producer, body. */
  readonly texts: readonly string[];
  /** Ten for each: key, event time, total usage or NaN, bytes, fingerprint, lane, seq, recorded at, attempts, first sent at or NaN. */
  readonly numbers: Float64Array;
  readonly more: boolean;
}

export interface DiscardInput {
  readonly selection: OutboxSelection;
  readonly reason: string;
}

export interface StoreInputs {
  open: undefined;
  commit: CommitInput;
  claim: ClaimRequest;
  accounts: undefined;
  list: OutboxQuery;
  redrive: OutboxSelection;
  discard: DiscardInput;
  ledger: LedgerRange;
  ledgerIds: LedgerKey;
  producers: undefined;
  claimSessions: undefined;
  close: undefined;
}

export interface StoreOutputs {
  open: StoreOpening;
  commit: CommitOutput;
  claim: ClaimOutput;
  accounts: Accounts;
  list: readonly OutboxRow[];
  redrive: number;
  discard: number;
  ledger: readonly LedgerRow[];
  ledgerIds: readonly LedgerId[];
  producers: readonly ProducerRow[];
  claimSessions: readonly SessionRow[];
  close: undefined;
}

export type StoreMethod = keyof StoreInputs;

export type StoreMethods = { readonly [M in StoreMethod]: (input: StoreInputs[M]) => StoreOutputs[M] };

/** A call on its way to the thread of the store. */
export type StoreCall<M extends StoreMethod = StoreMethod> = {
  readonly [K in M]: { readonly id: number; readonly method: K; readonly input: StoreInputs[K] };
}[M];

/** Its answer on the way back. */
export type StoreAnswer =
  | { readonly id: number; readonly output: StoreOutputs[StoreMethod] }
  | { readonly id: number; readonly failure: StoreFailureKind; readonly message: string };
