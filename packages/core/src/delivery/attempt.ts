import type { OutgoingEvent } from "../event/usage-event.ts";
import type { Clock } from "../strategies/clock.ts";
import type { SendAnswer, Transport, Unsure } from "../strategies/transport.ts";

export interface AttemptOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

// A transport that ignores its signal is not waited for any longer.
const GRACE_MS = 1_000;

/** One hand-over of a batch to a transport. Whatever the transport does, a well-formed answer comes in time. */
export class Attempt {
  readonly #events: readonly OutgoingEvent[];
  readonly #transport: Transport;
  readonly #options: AttemptOptions;
  readonly #abort = new AbortController();
  readonly #answer = Promise.withResolvers<SendAnswer>();
  #cancelTimer = () => {};
  #isOver = false;

  constructor(transport: Transport, events: readonly OutgoingEvent[], options: AttemptOptions) {
    this.#transport = transport;
    this.#events = events;
    this.#options = options;
  }

  /** To be called once. Never rejects. */
  make(): Promise<SendAnswer> {
    const { clock, timeoutMs } = this.#options;
    this.#cancelTimer = this.#schedule(timeoutMs, () => this.timeOut());
    const context = { signal: this.#abort.signal, deadline: clock.now() + timeoutMs };
    try {
      Promise.resolve(this.#transport.send({ events: this.#events }, context))
        .then((answer) => this.#end(this.#wellFormed(answer)))
        .catch((error) => this.#threw(error));
    } catch (error) {
      this.#threw(error);
    }
    return this.#answer.promise;
  }

  /** The time is over, by the attempt's own timer or by somebody who knows better. */
  timeOut(): void {
    const reason = `no answer within ${this.#options.timeoutMs} ms`;
    this.#giveUp(new Error(reason), { state: "unsure", reason, timeout: true });
  }

  /** Nobody waits for the answer any longer. */
  abort(cause: unknown): void {
    this.#giveUp(cause, { state: "unsure", reason: "aborted on the way", timeout: false });
  }

  #giveUp(cause: unknown, outcome: Unsure): void {
    if (this.#isOver || this.#abort.signal.aborted) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#schedule(GRACE_MS, () => this.#end(this.#allUnsure(outcome)));
    this.#abort.abort(cause);
  }

  #threw(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    this.#end(
      this.#allUnsure({ state: "unsure", reason: `the transport ${this.#transport.name} threw: ${words}` }),
    );
  }

  #end(answer: SendAnswer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer();
    this.#answer.resolve(answer);
  }

  /** An answer that does not fit the batch says nothing sure about any of its events. */
  #wellFormed(answer: SendAnswer): SendAnswer {
    const count = this.#events.length;
    if (answer.fault !== undefined || answer.outcomes.length === count) return answer;
    const reason = `the transport ${this.#transport.name} answered ${answer.outcomes.length} outcomes for ${count} events`;
    return this.#allUnsure({ state: "unsure", reason });
  }

  #allUnsure(outcome: Unsure): SendAnswer {
    return { outcomes: this.#events.map(() => outcome) };
  }

  #schedule(delayMs: number, action: () => void): () => void {
    return this.#options.clock.schedule(delayMs, action, { holdProcess: true });
  }
}
