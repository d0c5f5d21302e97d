import type { Claimed, ClaimRequest } from "@meter-lib/core";
import { eventOf, heldBy } from "./event-row.ts";
import type { EventRow } from "./outbox-schema.ts";
import type { OutboxWrite } from "./outbox-write.ts";
import type { OwnerHold } from "./owner-hold.ts";

// Greater than every key that begins with the same values: arrays come after texts and numbers.
const END: readonly never[] = [];

/** Takes rows that nobody holds, of each tenant in turn. */
export class ClaimRows {
  // With more tenants than one claim can take from, the next claim goes on after the one served last.
  #served = "";

  async claim(
    write: OutboxWrite,
    hold: OwnerHold,
    { maxEvents, maxBytes, skipTenants }: ClaimRequest,
  ): Promise<Claimed> {
    const skipped = new Set(skipTenants);
    const rows: EventRow[] = [];
    let bytes = 0;
    let claimable = 0;
    for (const lane of [0, 1]) {
      const tenants = (await this.#tenants(write, lane)).filter((tenant_id) => !skipped.has(tenant_id));
      const counts = await Promise.all(
        tenants.map((tenant_id) => free(write).count(ofTenant(lane, tenant_id))),
      );
      for (const count of counts) claimable += count;
      const room = maxEvents - rows.length;
      if (room === 0) continue;
      const queues = await Promise.all(
        tenants.slice(0, room).map((tenant_id) => free(write).getAll(ofTenant(lane, tenant_id), room)),
      );
      for (let turn = 0, taken = true; taken && rows.length < maxEvents; turn++) {
        taken = false;
        for (const queue of queues) {
          const row = queue[turn];
          if (row === undefined || rows.length >= maxEvents) continue;
          if (rows.length > 0 && bytes + row.bytes > maxBytes) {
            // Nothing of this tenant may overtake it.
            queue.length = turn;
            continue;
          }
          rows.push(row);
          bytes += row.bytes;
          taken = true;
          this.#served = row.tenant_id;
        }
      }
    }
    const events = rows.sort((a, b) => a.key - b.key).map(eventOf);
    for (const row of rows) write.do(write.events.put(heldBy(row, hold.producer)));
    write.afterwards(() => {
      for (const event of events) hold.add(event);
    });
    return { events, more: claimable > rows.length };
  }

  /** The tenants that have rows, beginning after the one served last, each found by one step in the index. */
  async #tenants(write: OutboxWrite, lane: number): Promise<readonly string[]> {
    const tenants: string[] = [];
    let cursor = await free(write).openKeyCursor(IDBKeyRange.bound([lane], [lane, END]));
    while (cursor !== null) {
      const [, tenant_id] = cursor.key;
      tenants.push(tenant_id);
      cursor = await cursor.continue(ofTenant(lane, tenant_id).upper);
    }
    const next = tenants.findIndex((tenant_id) => tenant_id > this.#served);
    return next <= 0 ? tenants : [...tenants.slice(next), ...tenants.slice(0, next)];
  }
}

const free = (write: OutboxWrite) => write.events.index("free");

const ofTenant = (lane: number, tenant_id: string): IDBKeyRange =>
  IDBKeyRange.bound([lane, tenant_id], [lane, tenant_id, END]);
