import { describeValue } from "../../check/event-issue.ts";
import type { Clock } from "../../strategies/clock.ts";
import type {
  Batch,
  DestinationFault,
  Outcome,
  SendAnswer,
  Transport,
  Unsure,
} from "../../strategies/transport.ts";

export interface AttemptOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

// How much longer to wait for a transport that ignores its signal.
const GRACE_MS = 1_000;

/** Sends a batch through a transport once. Always yields a well-formed result in time, whatever the transport does. */
export class Attempt {
  readonly #transport: Transport;
  readonly #options: AttemptOptions;
  readonly #abort = new AbortController();
  readonly #answer = Promise.withResolvers<SendAnswer>();
  #cancelTimer = () => {};
  #isOver = false;

  constructor(transport: Transport, options: AttemptOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  /** Call it once. Never rejects. */
  make(batch: Batch): Promise<SendAnswer> {
    // The batch belongs to the transport: nothing here keeps its events in memory while it waits for the answer.
    const count = batch.events.length;
    const { clock, timeoutMs } = this.#options;
    this.#cancelTimer = this.#schedule(timeoutMs, () => this.timeOut());
    const context = { signal: this.#abort.signal, deadline: clock.now() + timeoutMs };
    try {
      Promise.resolve(this.#transport.send(batch, context))
        .then((answer) => this.#end(this.#wellFormed(answer, count)))
        .catch((error) => this.#threw(error));
    } catch (error) {
      this.#threw(error);
    }
    return this.#answer.promise;
  }

  /** The time is up, by the attempt's own timer or by that of another who knows better. */
  timeOut(): void {
    const reason = `no response within ${this.#options.timeoutMs} ms`;
    this.#giveUp(new Error(reason), { state: "unsure", reason, timeout: true });
  }

  /** Nobody waits for the result any longer. */
  abort(cause: unknown): void {
    this.#giveUp(cause, { state: "unsure", reason: "aborted in flight", timeout: false });
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

  /** A malformed result, or one that does not fit the batch, makes every event ambiguous. */
  #wellFormed(answer: SendAnswer, count: number): SendAnswer {
    const odd = oddity(answer, count);
    return odd === undefined
      ? answer
      : this.#allUnsure({ state: "unsure", reason: `the transport ${this.#transport.name} returned ${odd}` });
  }

  #allUnsure(every: Unsure): SendAnswer {
    return { every };
  }

  #schedule(delayMs: number, action: () => void): () => void {
    return this.#options.clock.schedule(delayMs, action, { holdProcess: true });
  }
}

const STATES: ReadonlySet<unknown> = new Set<Outcome["state"]>([
  "acknowledged",
  "retry",
  "rejected",
  "unsure",
]);
const KINDS: ReadonlySet<unknown> = new Set<DestinationFault["kind"]>([
  "unavailable",
  "blocked",
  "too_large",
  "invalid",
]);

/** Describes what is wrong with a result. */
const oddity = (answer: unknown, count: number): string | undefined => {
  if (typeof answer !== "object" || answer === null) return describeValue(answer);
  const { fault, every, outcomes }: { fault?: unknown; every?: unknown; outcomes?: unknown } = answer;
  if (fault !== undefined) return has(fault, "kind", KINDS) ? undefined : "a fault of an unknown kind";
  if (every !== undefined)
    return has(every, "state", STATES) ? undefined : `the outcome ${describeValue(every)}`;
  if (!Array.isArray(outcomes)) return "no outcomes";
  if (outcomes.length !== count) return `${outcomes.length} outcomes for ${count} events`;
  for (let i = 0; i < count; i++)
    if (!has(outcomes[i], "state", STATES)) return `the outcome ${describeValue(outcomes[i])}`;
  return undefined;
};

const has = (value: unknown, field: string, allowed: ReadonlySet<unknown>): boolean =>
  typeof value === "object" && value !== null && allowed.has(Reflect.get(value, field));
