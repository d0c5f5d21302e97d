import type { EventRecord } from "../event/event-record.ts";

/**
 * Finds the events of a store by identity: tenant and event id. One that has ended stays known, as a tombstone, until `maxEnded` others
 * have ended after it.
 *
 * Ids made here are not looked for and so need no index, which costs more than all else done to an event. It is built when somebody
 * asks for the first time, and kept from then on.
 */
export class MemoryIdentities {
  readonly #events: Iterable<EventRecord>;
  readonly #maxEnded: number;
  #byTenant: Map<string, Map<string, EventRecord>> | undefined;
  /** A ring: the newest takes the place of the oldest. */
  readonly #ended: EventRecord[] = [];
  #oldest = 0;

  /** @param events - all that are in the store when somebody asks for the first time */
  constructor(maxEnded: number, events: Iterable<EventRecord>) {
    this.#maxEnded = maxEnded;
    this.#events = events;
  }

  find({ tenant_id, event_id }: EventRecord): EventRecord | undefined {
    if (this.#byTenant === undefined) {
      this.#byTenant = new Map();
      for (const event of this.#events) enter(this.#byTenant, event);
    }
    return this.#byTenant.get(tenant_id)?.get(event_id);
  }

  add(event: EventRecord): void {
    if (this.#byTenant !== undefined) enter(this.#byTenant, event);
  }

  /** Its fate is decided: from now on it is only remembered. Answers the one that is forgotten for it, if any. */
  end(event: EventRecord): EventRecord | undefined {
    if (this.#ended.length < this.#maxEnded) {
      this.#ended.push(event);
      return undefined;
    }
    const forgotten = this.#ended[this.#oldest] ?? event;
    this.remove(forgotten);
    if (this.#maxEnded > 0) {
      this.#ended[this.#oldest] = event;
      this.#oldest = (this.#oldest + 1) % this.#maxEnded;
    }
    return forgotten;
  }

  remove({ tenant_id, event_id }: EventRecord): void {
    const tenant = this.#byTenant?.get(tenant_id);
    tenant?.delete(event_id);
    if (tenant?.size === 0) this.#byTenant?.delete(tenant_id);
  }
}

const enter = (byTenant: Map<string, Map<string, EventRecord>>, event: EventRecord): void => {
  let tenant = byTenant.get(event.tenant_id);
  if (tenant === undefined) {
    tenant = new Map();
    byTenant.set(event.tenant_id, tenant);
  }
  tenant.set(event.event_id, event);
};
