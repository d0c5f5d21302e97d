import type { MeterError } from "../errors/meter-error.ts";
import type { Acknowledged } from "../strategies/transport.ts";
import type { Segment } from "./segment.ts";

/** What `record()` answers at once. Its promises always resolve; they cost nothing until they are asked for. */
export interface Receipt {
  /** The event's id, to be given again when the caller itself repeats the call. */
  readonly event_id: string;
  /** When the outbox has the event, or will not have it. */
  readonly durable: Promise<DurableOutcome>;
  /** When the event's fate is decided, or the client is closed. While it is awaited, the process stays alive. */
  readonly settled: Promise<SettledOutcome>;
  /** The fate as far as it is decided now: after `flush()`, whether the event was acknowledged. Undefined while it is not. */
  readonly fate: SettledOutcome | undefined;
}

/**
 * - `volatile`: recorded, but kept in memory only
 * - `refused`: not recorded; `error` says why
 */
export type DurableOutcome =
  | { readonly ok: true; readonly repeat?: boolean }
  | { readonly ok: false; readonly reason: "volatile"; readonly repeat?: boolean }
  | { readonly ok: false; readonly reason: "refused"; readonly error: MeterError };

/**
 * - `acknowledged`, `rejected`, `quarantined`: see `Account`
 * - `discarded`: given up through the API
 * - `refused`: never recorded; `error` says why
 * - `persisted`: the client was closed; the event waits in the durable outbox
 * - `lost`: the client was closed; the event was in memory only
 */
export type SettledOutcome =
  | Settlement
  | { readonly state: "discarded"; readonly reason: string }
  | { readonly state: "refused"; readonly error: MeterError }
  | { readonly state: "persisted" | "lost" };

/** How an event ended: the receiver has it, or it is kept for a person, with the reason. */
export type Settlement = Acknowledged | DeadLettered;

export interface DeadLettered {
  readonly state: "rejected" | "quarantined";
  /** In words, for people. */
  readonly reason: string;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  /** The receiver's answer, where there was one. */
  readonly body?: unknown;
}

/** Promises that were asked for and are not resolved yet. */
export class Waiting {
  readonly #began: () => void;
  #count = 0;

  /** @param began - called when somebody begins to wait */
  constructor(began: () => void) {
    this.#began = began;
  }

  get isAny(): boolean {
    return this.#count > 0;
  }

  /** A promise that counts until it is resolved. */
  promise<Value>(): PromiseWithResolvers<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    this.#count++;
    let isOver = false;
    const end = () => {
      if (!isOver) this.#count--;
      isOver = true;
    };
    this.#began();
    return {
      promise,
      reject: (error) => {
        end();
        reject(error);
      },
      resolve: (value) => {
        end();
        resolve(value);
      },
    };
  }
}

export class EventReceipt implements Receipt {
  readonly event_id: string;
  readonly #segment: Segment;
  readonly #index: number;

  constructor(event_id: string, segment: Segment, index: number) {
    this.event_id = event_id;
    this.#segment = segment;
    this.#index = index;
  }

  get durable(): Promise<DurableOutcome> {
    return this.#segment.durable(this.#index);
  }

  get settled(): Promise<SettledOutcome> {
    return this.#segment.settled(this.#index);
  }

  get fate(): SettledOutcome | undefined {
    return this.#segment.fate(this.#index);
  }
}

/** The receipt of something that was not recorded; it has the id that the caller gave, if any. */
export const refusedReceipt = (input: unknown, error: MeterError): Receipt => ({
  event_id: givenId(input),
  durable: Promise.resolve({ ok: false, reason: "refused", error }),
  settled: Promise.resolve({ state: "refused", error }),
  fate: { state: "refused", error },
});

const givenId = (input: unknown): string => {
  try {
    const given =
      typeof input === "object" && input !== null && "event_id" in input ? input.event_id : undefined;
    return typeof given === "string" ? given : "";
  } catch {
    // A getter or a proxy of the caller's, which is what was refused.
    return "";
  }
};
