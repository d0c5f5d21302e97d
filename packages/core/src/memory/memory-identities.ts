import type { EventRecord } from "../event/event-record.ts";

/**
 * Every event by its identity, tenant and event id. One that has ended stays known, as a tombstone, until `maxEnded` others
 * have ended after it.
 */
export class MemoryIdentities {
  readonly #byTenant = new Map<string, Map<string, EventRecord>>();
  readonly #maxEnded: number;
  /** A ring: the newest takes the place of the oldest. */
  readonly #ended: EventRecord[] = [];
  #oldest = 0;

  constructor(maxEnded: number) {
    this.#maxEnded = maxEnded;
  }

  find({ tenant_id, event_id }: EventRecord): EventRecord | undefined {
    return this.#byTenant.get(tenant_id)?.get(event_id);
  }

  add(event: EventRecord): void {
    let tenant = this.#byTenant.get(event.tenant_id);
    if (tenant === undefined) {
      tenant = new Map();
      this.#byTenant.set(event.tenant_id, tenant);
    }
    tenant.set(event.event_id, event);
  }

  /** Its fate is decided: from now on it is only remembered. */
  end(event: EventRecord): void {
    if (this.#ended.length < this.#maxEnded) {
      this.#ended.push(event);
      return;
    }
    const forgotten = this.#ended[this.#oldest] ?? event;
    this.remove(forgotten);
    if (this.#maxEnded === 0) return;
    this.#ended[this.#oldest] = event;
    this.#oldest = (this.#oldest + 1) % this.#maxEnded;
  }

  *all(): Iterable<EventRecord> {
    for (const tenant of this.#byTenant.values()) yield* tenant.values();
  }

  ofTenant(tenant_id: string): Iterable<EventRecord> {
    return this.#byTenant.get(tenant_id)?.values() ?? [];
  }

  remove({ tenant_id, event_id }: EventRecord): void {
    const tenant = this.#byTenant.get(tenant_id);
    tenant?.delete(event_id);
    if (tenant?.size === 0) this.#byTenant.delete(tenant_id);
  }
}
