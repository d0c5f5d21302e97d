import type { Clock } from "../../strategies/clock.ts";
import type { CustomerLookup, LookupAnswer } from "../../strategies/customer-lookup.ts";
import { lookUp } from "./ask-lookup.ts";

const MAX_LOOKUPS = 16;
/** A slower lookup gives its slot to others, up to a limit. */
const SLOW_MS = 1_000;
const MAX_SLOW_LOOKUPS = 256;

export interface LookupQueueOptions {
  readonly lookup: CustomerLookup;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Asks for the customers of tenants, a few at a time, and for each tenant once at a time. */
export class LookupQueue {
  readonly #options: LookupQueueOptions;
  readonly #answered: (tenant_id: string, answer: LookupAnswer) => void;
  readonly #abort = new AbortController();
  readonly #asked = new Set<string>();
  readonly #queue: string[] = [];
  #running = 0;
  #slow = 0;

  constructor(options: LookupQueueOptions, answered: (tenant_id: string, answer: LookupAnswer) => void) {
    this.#options = options;
    this.#answered = answered;
  }

  get inFlight(): number {
    return this.#running + this.#slow;
  }

  /** Has no effect while the tenant is being looked up. */
  ask(tenant_id: string): void {
    if (this.#asked.has(tenant_id) || this.#abort.signal.aborted) return;
    this.#asked.add(tenant_id);
    this.#queue.push(tenant_id);
    this.#next();
  }

  /** Ends all lookups without an answer. */
  close(): void {
    this.#abort.abort();
  }

  #next(): void {
    while (this.#running < MAX_LOOKUPS) {
      const tenant_id = this.#queue.shift();
      if (tenant_id === undefined) return;
      void this.#lookUp(tenant_id);
    }
  }

  async #lookUp(tenant_id: string): Promise<void> {
    const { lookup, clock, timeoutMs } = this.#options;
    const { signal } = this.#abort;
    this.#running++;
    let isSlow = false;
    const cancel = clock.schedule(SLOW_MS, () => {
      if (this.#slow >= MAX_SLOW_LOOKUPS) return;
      isSlow = true;
      this.#slow++;
      this.#running--;
      this.#next();
    });
    const answer = await lookUp(lookup, tenant_id, { clock, timeoutMs, signal });
    cancel();
    if (isSlow) this.#slow--;
    else this.#running--;
    this.#asked.delete(tenant_id);
    if (signal.aborted) return;
    this.#answered(tenant_id, answer);
    this.#next();
  }
}
