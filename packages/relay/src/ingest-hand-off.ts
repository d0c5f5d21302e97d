import type { Clock, DurableOutcome, MeterError, Receipt, SettledOutcome, UsageEvent } from "@meter-lib/core";
import type { EventToHandOff, HandedOff, HandOff } from "./hand-off.ts";

/** What the relay needs of a `MeterClient`. */
export interface RelayClient {
  ingest(events: readonly UsageEvent[]): readonly Receipt[];
}

export interface IngestHandOffOptions {
  readonly client: RelayClient;
  readonly clock: Clock;
  /** Longest wait, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether an event that is in memory only counts as safe. */
  readonly allowVolatile: boolean;
}

const STORE_RETRY_MS = 5_000;

/** Hands events to a client with an outbox: safe when the outbox has them on its disk, or when the receiver has them. */
export const ingestHandOff = ({ client, clock, timeoutMs, allowVolatile }: IngestHandOffOptions): HandOff => {
  return async (events: readonly EventToHandOff[]) => {
    const receipts = client.ingest(events.map(({ event }) => event));
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const cancelTimer = clock.schedule(timeoutMs, () => resolve(undefined), { holdProcess: true });
    try {
      return await Promise.all(receipts.map((receipt) => handedOff(receipt, allowVolatile, late)));
    } finally {
      cancelTimer();
    }
  };
};

const handedOff = async (
  receipt: Receipt,
  allowVolatile: boolean,
  late: Promise<undefined>,
): Promise<HandedOff> => {
  const { durable } = receipt;
  const outcome = await Promise.race([durable, late]);
  if (outcome === undefined) {
    const later = durable.then((stored) => (isVolatile(stored) ? fateLater(receipt) : takenLater(stored.ok)));
    return { state: "unsure", reason: "the outbox did not answer in time", later };
  }
  if (outcome.ok || (allowVolatile && isVolatile(outcome)))
    return { state: "taken", repeat: outcome.repeat === true };
  if (!isVolatile(outcome)) return refusedBy(outcome.error);
  // In memory alone: safe only once the receiver has it.
  const fate = await Promise.race([receipt.settled, late]);
  return fate === undefined
    ? {
        state: "unsure",
        reason: "it is in memory only, and not yet acknowledged",
        later: fateLater(receipt),
      }
    : settledAs(fate, outcome.repeat === true);
};

type Volatile = Extract<DurableOutcome, { reason: "volatile" }>;

const isVolatile = (outcome: DurableOutcome): outcome is Volatile =>
  !outcome.ok && outcome.reason === "volatile";

const takenLater = (ok: boolean): "taken" | "not_taken" => (ok ? "taken" : "not_taken");

// Rejected and quarantined events are the client's now: it keeps and shows them.
const fateLater = async ({ settled }: Receipt): Promise<"taken" | "not_taken"> => {
  const { state } = await settled;
  return takenLater(state !== "lost" && state !== "refused");
};

const settledAs = (fate: SettledOutcome, repeat: boolean): HandedOff => {
  switch (fate.state) {
    case "acknowledged":
      return { state: "taken", repeat };
    case "persisted":
      return { state: "taken", repeat };
    case "lost":
      return { state: "refused", reason: "the relay is closing", retryAfterMs: STORE_RETRY_MS };
    case "refused":
      return refusedBy(fate.error);
    case "rejected":
    case "quarantined":
    case "discarded":
      return { state: "quarantined", reason: `${fate.state}: ${fate.reason}` };
  }
};

const refusedBy = (error: MeterError): HandedOff =>
  error.code === "invalid_event" || error.code === "id_conflict"
    ? { state: "rejected", reason: error.message }
    : // The message is about the relay's own store and tenants: not for pages.
      { state: "refused", reason: error.code, retryAfterMs: STORE_RETRY_MS };
