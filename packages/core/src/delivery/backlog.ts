import type { EventRecord } from "../event/event-record.ts";

export interface BacklogLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

const CLAIM_EVENTS = 2_000;

/**
 * Counts the undelivered events that this process keeps in memory, decides whether there is room for one more, and knows
 * when everything before a moment is through.
 */
export class Backlog {
  readonly #limits: BacklogLimits;
  readonly #byTenant = new Map<string, number>();
  #events = 0;
  #bytes = 0;
  /** Recorded by this process and left to the outbox alone. */
  #spilled = 0;
  /** A flush ends an epoch: it waits for the events of that one and all before. */
  #epoch = 1;
  readonly #ofEpoch = new Map<number, number>();
  #flushes: { readonly upTo: number; readonly resolve: () => void }[] = [];

  constructor(limits: BacklogLimits) {
    this.#limits = limits;
  }

  get hasSpilled(): boolean {
    return this.#spilled > 0;
  }

  /** Whether recording must wait for the outbox to keep up. */
  isBufferFull(events: number, bytes: number): boolean {
    return events >= this.#limits.maxEvents || bytes >= this.#limits.maxBytes;
  }

  /** Half of the memory is for whoever comes first, the other half is shared evenly among tenants. */
  mayHold(event: EventRecord): boolean {
    const { maxEvents, maxBytes } = this.#limits;
    if (this.#events <= maxEvents / 2 && this.#bytes <= maxBytes / 2) return true;
    if (this.#events > maxEvents || this.#bytes > maxBytes) return false;
    return (this.#byTenant.get(event.tenant_id) ?? 0) <= maxEvents / 2 / this.#byTenant.size;
  }

  /** How many events, and bytes, to take from the outbox now. */
  get claimable(): { readonly maxEvents: number; readonly maxBytes: number } | undefined {
    const maxEvents = Math.min(CLAIM_EVENTS, Math.floor(this.#limits.maxEvents / 2 - this.#events));
    const maxBytes = Math.floor(this.#limits.maxBytes / 2 - this.#bytes);
    // Few and large takes rather than many small ones.
    return this.#events > this.#limits.maxEvents / 4 || maxBytes <= 0 || maxEvents <= 0
      ? undefined
      : { maxEvents, maxBytes };
  }

  accepted(event: EventRecord): void {
    this.#enter(event, this.#epoch);
  }

  claimed(event: EventRecord): void {
    this.#spilled = Math.max(0, this.#spilled - 1);
    this.#enter(event, 0);
  }

  /** Leaves memory; the outbox alone has it. */
  spilled(event: EventRecord): void {
    this.#spilled++;
    this.#leave(event);
  }

  /** Its fate is decided. */
  left(event: EventRecord): void {
    this.#leave(event);
  }

  /** The outbox may have more that this process could take. */
  suspectMore(): void {
    this.#spilled = Math.max(1, this.#spilled);
  }

  /** The outbox has no more that this process could take. */
  noneSpilled(): void {
    this.#spilled = 0;
    this.#checkFlushes();
  }

  /** When all that was accepted before the call is through. */
  drained(): Promise<void> {
    const upTo = this.#epoch;
    this.#epoch++;
    return new Promise((resolve) => {
      this.#flushes.push({ upTo, resolve });
      this.#checkFlushes();
    });
  }

  #enter(event: EventRecord, epoch: number): void {
    event.epoch = epoch;
    this.#events++;
    this.#bytes += event.bytes;
    this.#ofEpoch.set(epoch, (this.#ofEpoch.get(epoch) ?? 0) + 1);
    if (this.#limits.maxEvents !== Number.POSITIVE_INFINITY) {
      this.#byTenant.set(event.tenant_id, (this.#byTenant.get(event.tenant_id) ?? 0) + 1);
    }
  }

  #leave(event: EventRecord): void {
    this.#events--;
    this.#bytes -= event.bytes;
    const left = (this.#ofEpoch.get(event.epoch) ?? 1) - 1;
    if (left > 0) this.#ofEpoch.set(event.epoch, left);
    else this.#ofEpoch.delete(event.epoch);
    if (this.#limits.maxEvents !== Number.POSITIVE_INFINITY) {
      const ofTenant = (this.#byTenant.get(event.tenant_id) ?? 1) - 1;
      if (ofTenant > 0) this.#byTenant.set(event.tenant_id, ofTenant);
      else this.#byTenant.delete(event.tenant_id);
    }
    if (left <= 0) this.#checkFlushes();
  }

  #checkFlushes(): void {
    if (this.#flushes.length === 0 || this.#spilled > 0) return;
    let oldest = Number.POSITIVE_INFINITY;
    for (const epoch of this.#ofEpoch.keys()) oldest = Math.min(oldest, epoch);
    const done = this.#flushes.filter(({ upTo }) => upTo < oldest);
    this.#flushes = this.#flushes.filter(({ upTo }) => upTo >= oldest);
    for (const { resolve } of done) resolve();
  }
}
