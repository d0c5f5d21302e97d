import type { MeterError } from "../../errors/meter-error.ts";
import type { Acknowledged } from "../../strategies/transport.ts";

/**
 * What `record()` returns at once. Its promises always resolve; they are created when first read.
 *
 * @example
 * ```ts
 * const receipt = client.record({ tenant_id: "tenant_123", device_id: "eu-1", meter_id: "page.processed.basic", total_usage: 24 });
 * const { state } = await receipt.durable; // the outbox has it
 * ```
 */
export interface Receipt {
  /** The event's id. Pass it again if you repeat the call. */
  readonly event_id: string;
  /** Resolves when the outbox has stored the event, or refused it. */
  readonly durable: Promise<DurableOutcome>;
  /** What `durable` resolves to, once it is known: receipts of one call need one promise, not one each. Undefined before. */
  readonly stored: DurableOutcome | undefined;
  /** Resolves when the event is settled, or the client closes. While it is awaited, the process stays alive. */
  readonly settled: Promise<SettledOutcome>;
  /** The fate, if it is settled: after `flush()`, tells whether the event was acknowledged. Undefined before. */
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
 * - `persisted`: the client closed; the event waits in the durable outbox
 * - `lost`: the client closed; the event was in memory only
 */
export type SettledOutcome =
  | Settlement
  | { readonly state: "discarded"; readonly reason: string }
  | { readonly state: "refused"; readonly error: MeterError }
  | { readonly state: "persisted" | "lost" };

/** How an event was settled: the receiver has it, or it is kept for a person, with the reason. */
export type Settlement = Acknowledged | DeadLettered;

export interface DeadLettered {
  readonly state: "rejected" | "quarantined";
  /** For people to read. */
  readonly reason: string;
  /** HTTP status, if there was one. */
  readonly status: number | undefined;
  /** The receiver's response, if there was one. */
  readonly body?: unknown;
}

/** Promises that were read and are not resolved yet. */
export class Waiting {
  readonly #began: () => void;
  #count = 0;
  #left: "persisted" | "lost" | undefined;

  /** @param began - called when somebody starts to wait */
  constructor(began: () => void) {
    this.#began = began;
  }

  get isAny(): boolean {
    return this.#count > 0;
  }

  /** What became of events whose place was unknown when the client closed; undefined while it is open. */
  get left(): "persisted" | "lost" | undefined {
    return this.#left;
  }

  /** The client is closed: what is not decided will not be. */
  end(left: "persisted" | "lost"): void {
    this.#left = left;
  }

  /** A promise that counts as waiting until it is resolved. */
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

/** The receipt of something that was not recorded; it has the id that the caller gave, if any. */
export const refusedReceipt = (input: unknown, error: MeterError): Receipt => ({
  event_id: givenId(input),
  durable: Promise.resolve({ ok: false, reason: "refused", error }),
  stored: { ok: false, reason: "refused", error },
  settled: Promise.resolve({ state: "refused", error }),
  fate: { state: "refused", error },
});

const givenId = (input: unknown): string => {
  try {
    const given =
      typeof input === "object" && input !== null && "event_id" in input ? input.event_id : undefined;
    return typeof given === "string" ? given : "";
  } catch {
    // The input may have a getter or be a proxy that throws, which is why it was refused.
    return "";
  }
};
