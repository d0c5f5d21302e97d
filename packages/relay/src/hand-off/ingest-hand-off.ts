import {
  type DurableOutcome,
  MeterError,
  type Receipt,
  type SettledOutcome,
  type UsageEvent,
} from "@meter-lib/core";
import { type Deadline, LATE } from "../request/deadline.ts";
import type { HandedOff, HandOff } from "./hand-off.ts";
import {
  ID_CONFLICT,
  invalidEventReason,
  MAY_BE_COUNTED,
  REFUSED_BY_BACKEND,
  UNDECIDED,
} from "./page-reason.ts";

/** The part of a `MeterClient` that the relay needs. */
export interface RelayClient {
  ingest(events: readonly UsageEvent[]): readonly Receipt[];
  /** Name of the outbox, the same for all that open it and after a restart. Without it, relays are assumed to share one outbox. */
  readonly outboxName?: string;
}

export interface IngestHandOffOptions {
  readonly client: RelayClient;
  /** Whether an event counts as safe when it is only in memory. */
  readonly allowVolatile: boolean;
}

const STORE_RETRY_MS = 5_000;
const TAKEN: HandedOff = Object.freeze({ state: "taken", repeat: false });
const TAKEN_BEFORE: HandedOff = Object.freeze({ state: "taken", repeat: true });

/** Hands events to a client. They are safe once its outbox has stored them on disk, or the receiver has acknowledged them. */
export const ingestHandOff = ({ client, allowVolatile }: IngestHandOffOptions): HandOff => {
  const ofDurable = (outcome: DurableOutcome, receipt: Receipt): HandedOff | Promise<HandedOff> => {
    if (outcome.ok || (allowVolatile && isVolatile(outcome)))
      return outcome.repeat === true ? TAKEN_BEFORE : TAKEN;
    if (!isVolatile(outcome)) return refusedBy(outcome.error);
    // Only in memory: safe once the receiver has acknowledged it.
    return receipt.settled.then((fate) => settledAs(fate, outcome.repeat === true));
  };
  const fateOf = async (receipt: Receipt): Promise<HandedOff> => ofDurable(await receipt.durable, receipt);

  return async (events, deadline) => {
    const receipts = client.ingest(events.map(({ event }) => event));
    if (receipts.length !== events.length)
      throw new TypeError(`the client gave ${receipts.length} receipts for ${events.length} events`);
    // When the outbox has the last, it usually has all of them, so that they need no promise each.
    await deadline.within(Promise.allSettled(receipts.slice(-1).map(({ durable }) => durable)));
    const fates = receipts.map((receipt) => {
      const { stored } = receipt;
      return stored === undefined ? fateOf(receipt) : ofDurable(stored, receipt);
    });
    return fates.every(isKnown) ? fates : Promise.all(fates.map((fate) => inTime(fate, deadline)));
  };
};

const isKnown = (fate: HandedOff | Promise<HandedOff>): fate is HandedOff => !("then" in fate);

/** Resolves to the fate, or to what is known of it at the deadline. */
const inTime = async (fate: HandedOff | Promise<HandedOff>, deadline: Deadline): Promise<HandedOff> => {
  if (isKnown(fate)) return fate;
  const known = await deadline.within(fate);
  return known === LATE ? { state: "unsure", reason: UNDECIDED, later: fate } : known;
};

type Volatile = Extract<DurableOutcome, { reason: "volatile" }>;

const isVolatile = (outcome: DurableOutcome): outcome is Volatile =>
  !outcome.ok && outcome.reason === "volatile";

const settledAs = (fate: SettledOutcome, repeat: boolean): HandedOff => {
  switch (fate.state) {
    case "acknowledged":
    case "persisted":
      return { state: "taken", repeat };
    case "lost":
      return { state: "refused", reason: "the relay is closing", retryAfterMs: STORE_RETRY_MS };
    case "refused":
      return refusedBy(fate.error);
    case "rejected":
      return { state: "kept", reason: REFUSED_BY_BACKEND, error: new MeterError("refused", fate.reason) };
    case "quarantined":
    case "discarded":
      return { state: "kept", reason: MAY_BE_COUNTED, error: new MeterError("refused", fate.reason) };
  }
};

const refusedBy = (error: MeterError): HandedOff => {
  if (error.code === "invalid_event") return { state: "rejected", reason: invalidEventReason(error), error };
  if (error.code === "id_conflict") return { state: "rejected", reason: ID_CONFLICT, error };
  return { state: "refused", reason: error.code, retryAfterMs: STORE_RETRY_MS, error };
};
