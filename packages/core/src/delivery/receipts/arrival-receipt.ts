import { MeterError } from "../../errors/meter-error.ts";
import type { Insertion } from "../../log/store/store.ts";
import type { DurableOutcome, Receipt, SettledOutcome, Waiting } from "./receipt.ts";

/** The receipt of an event that is part of the caller's transaction. */
export class ArrivalReceipt implements Receipt {
  readonly event_id: string;
  readonly #insertion: Insertion;
  readonly #waiting: Waiting;
  readonly #whenEnded: (tell: (outcome: SettledOutcome) => void) => void;
  #stored: DurableOutcome | undefined;
  #fate: SettledOutcome | undefined;
  #durable: Promise<DurableOutcome> | undefined;
  #settled: Promise<SettledOutcome> | undefined;

  /** @param whenEnded - calls back when the event is settled, or the client closes */
  constructor(
    event_id: string,
    insertion: Insertion,
    waiting: Waiting,
    whenEnded: (tell: (outcome: SettledOutcome) => void) => void,
  ) {
    this.event_id = event_id;
    this.#insertion = insertion;
    this.#waiting = waiting;
    this.#whenEnded = whenEnded;
  }

  get durable(): Promise<DurableOutcome> {
    this.#durable ??= this.#askDurable();
    return this.#durable;
  }

  /** Known from when `durable` was read and the transaction has ended. */
  get stored(): DurableOutcome | undefined {
    return this.#stored;
  }

  get settled(): Promise<SettledOutcome> {
    if (this.#fate !== undefined) return Promise.resolve(this.#fate);
    this.#settled ??= this.#askSettled();
    return this.#settled;
  }

  get fate(): SettledOutcome | undefined {
    return this.#fate;
  }

  /** Keeps the fate for later readers. */
  decided(outcome: SettledOutcome): void {
    this.#fate ??= outcome;
  }

  async #askDurable(): Promise<DurableOutcome> {
    const answer = this.#waiting.promise<DurableOutcome>();
    const resolve = (outcome: DurableOutcome): void => {
      this.#stored = outcome;
      answer.resolve(outcome);
    };
    void this.#insertion.committed().then(
      (isCommitted) => resolve(isCommitted ? { ok: true } : refused(ROLLED_BACK)),
      (cause) =>
        resolve(
          refused(
            new MeterError("outbox_failed", "it is unknown whether its transaction was committed", {
              cause,
            }),
          ),
        ),
    );
    return answer.promise;
  }

  async #askSettled(): Promise<SettledOutcome> {
    const answer = this.#waiting.promise<SettledOutcome>();
    const settle = (outcome: SettledOutcome): void => {
      this.decided(outcome);
      answer.resolve(outcome);
    };
    this.#whenEnded(settle);
    void this.durable.then((durable) => {
      // The outcome of the transaction is unknown, so the event may still arrive.
      if (!durable.ok && durable.reason === "refused" && durable.error === ROLLED_BACK)
        settle({ state: "refused", error: ROLLED_BACK });
    });
    return answer.promise;
  }
}

const ROLLED_BACK = /* @__PURE__ */ new MeterError(
  "aborted",
  "its transaction was rolled back; nothing was recorded",
);

const refused = (error: MeterError): DurableOutcome => ({ ok: false, reason: "refused", error });
