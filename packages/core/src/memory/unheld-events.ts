import type { EventRecord, Lane } from "../event/event-record.ts";
import type { Claimed, ClaimRequest } from "../strategies/outbox.ts";

/** Pending events that nobody holds, to be claimed: tenants in turns, oldest first within one, `live` before `backfill`. */
export class UnheldEvents {
  readonly #events = new Set<EventRecord>();
  #servedTenant = "";

  add(event: EventRecord): void {
    this.#events.add(event);
  }

  clear(): void {
    this.#events.clear();
  }

  claim({ maxEvents, maxBytes, skipTenants }: Omit<ClaimRequest, "now">): Claimed {
    const skipped = new Set(skipTenants);
    const events: EventRecord[] = [];
    let claimable = 0;
    let bytes = 0;
    for (const lane of ["live", "backfill"] as const) {
      const queues = this.#queues(lane, skipped);
      for (const queue of queues) claimable += queue.length;
      for (let turn = 0, taken = true; taken && events.length < maxEvents; turn++) {
        taken = false;
        for (const queue of queues) {
          const event = queue[turn];
          if (event === undefined || events.length >= maxEvents) continue;
          if (events.length > 0 && bytes + event.bytes > maxBytes) {
            // Nothing of this tenant may overtake it.
            queue.length = turn;
            continue;
          }
          events.push(event);
          bytes += event.bytes;
          taken = true;
          this.#servedTenant = event.tenant_id;
        }
      }
    }
    for (const event of events) this.#events.delete(event);
    return { events, more: claimable > events.length };
  }

  /** By tenant, beginning after the tenant served last: with many tenants, each has its turn. */
  #queues(lane: Lane, skipped: ReadonlySet<string>): EventRecord[][] {
    const byTenant = new Map<string, EventRecord[]>();
    for (const event of this.#events) {
      if (event.lane !== lane || skipped.has(event.tenant_id)) continue;
      const queue = byTenant.get(event.tenant_id);
      if (queue === undefined) byTenant.set(event.tenant_id, [event]);
      else queue.push(event);
    }
    // One that was let go of, or redriven, is older than its place here says.
    for (const queue of byTenant.values()) queue.sort((a, b) => a.key - b.key);
    const tenants = [...byTenant].sort(([a], [b]) => (a < b ? -1 : 1));
    const next = Math.max(
      0,
      tenants.findIndex(([tenant_id]) => tenant_id > this.#servedTenant),
    );
    return [...tenants.slice(next), ...tenants.slice(0, next)].map(([, queue]) => queue);
  }
}
