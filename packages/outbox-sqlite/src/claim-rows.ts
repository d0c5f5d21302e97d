import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ClaimRequest } from "@meter-lib/core";
import { type Row, readNumber, readText } from "./read-column.ts";
import type { ClaimOutput, Keys } from "./store-call.ts";

const LANES = [0, 1];
const ROW_TEXTS = ["tenant_id", "event_id", "meter_id", "customer_id", "producer", "body"];
const ROW_NUMBERS = [
  "key",
  "usage_time",
  "total_usage",
  "bytes",
  "fingerprint",
  "lane",
  "seq",
  "recorded_at",
  "attempts",
  "first_sent_at",
];

// What the partial index of unheld rows needs to be told to be used.
const UNHELD = "events INDEXED BY events_unheld WHERE holder IS NULL AND state = 0";

interface Room {
  events: number;
  bytes: number;
}

interface ClaimedRows {
  readonly output: ClaimOutput;
  /** Held now, but not to be sent: what the file says of them cannot be read. */
  readonly damaged: Keys;
}

interface Queue {
  readonly tenant_id: string;
  /** The last key taken. */
  after: number;
}

/** Takes rows that nobody holds, a fair share of every tenant's. */
export class ClaimRows {
  readonly #firstTenant: StatementSync;
  readonly #nextTenant: StatementSync;
  readonly #oldest: StatementSync;
  readonly #hold: StatementSync;
  readonly #read: StatementSync;
  // The tenant served last, by lane: with more tenants than one claim can take from, the next claim goes on after it.
  readonly #served = new Map<number, string>();

  constructor(db: DatabaseSync) {
    const tenant = `SELECT tenant_id FROM ${UNHELD} AND lane = ?`;
    this.#firstTenant = db.prepare(`${tenant} ORDER BY tenant_id LIMIT 1`);
    this.#nextTenant = db.prepare(`${tenant} AND tenant_id > ? ORDER BY tenant_id LIMIT 1`);
    this.#oldest = db.prepare(
      `SELECT key, bytes FROM ${UNHELD} AND lane = ? AND tenant_id = ? AND key > ? ORDER BY key LIMIT ?`,
    );
    this.#hold = db.prepare("UPDATE events SET holder = ? WHERE key IN (SELECT value FROM json_each(?))");
    this.#read = db.prepare(`
      SELECT tenant_id, event_id, meter_id, customer_id, producers.producer AS producer, body, events.key AS key, usage_time, total_usage,
             bytes, fingerprint, lane, seq, recorded_at, attempts, first_sent_at, json_valid(body) AS sound
      FROM json_each(?) JOIN events ON events.key = json_each.value JOIN producers ON producers.id = events.producer
      ORDER BY lane, events.key`);
  }

  claim(request: ClaimRequest, owner: number): ClaimedRows {
    const room: Room = { events: request.maxEvents, bytes: request.maxBytes };
    const keys: number[] = [];
    const skipped = new Set(request.skipTenants);
    for (const lane of LANES) this.#takeFairly(lane, this.#queues(lane, room.events, skipped), room, keys);
    const list = `[${keys.join()}]`;
    if (keys.length > 0) this.#hold.run(owner, list);
    const rows = this.#read.all(list);
    const damaged = rows.filter(({ sound }) => sound !== 1);
    return {
      output: {
        ...columns(rows.filter(({ sound }) => sound === 1)),
        more: LANES.some((lane) => this.#queues(lane, 1, skipped).length > 0),
      },
      damaged: damaged.map((row) => readNumber(row, "key")),
    };
  }

  #takeFairly(lane: number, tenants: readonly Queue[], room: Room, keys: number[]): void {
    let queues = tenants;
    while (queues.length > 0 && room.events > 0) {
      const share = {
        events: Math.ceil(room.events / queues.length),
        bytes: Math.ceil(room.bytes / queues.length),
      };
      const before = keys.length;
      queues = queues.filter((queue) => this.#takeShare(lane, queue, share, room, keys));
      // No next row fits a share: one at a time, as far as the room goes.
      if (keys.length === before) {
        for (const queue of queues)
          this.#takeShare(lane, queue, { events: 1, bytes: room.bytes }, room, keys);
        if (keys.length === before) return;
      }
    }
  }

  /** Answers whether the tenant may have more. */
  #takeShare(lane: number, queue: Queue, share: Room, room: Room, keys: number[]): boolean {
    const limit = Math.min(share.events, room.events);
    let bytesLeft = Math.min(share.bytes, room.bytes);
    let taken = 0;
    for (const row of this.#oldest.iterate(lane, queue.tenant_id, queue.after, limit)) {
      const bytes = readNumber(row, "bytes");
      // The very first row is taken whatever its size: else it would be in the way for ever.
      if (bytes > bytesLeft && keys.length > 0) return true;
      queue.after = readNumber(row, "key");
      keys.push(queue.after);
      taken++;
      bytesLeft -= bytes;
      room.events--;
      room.bytes -= bytes;
      this.#served.set(lane, queue.tenant_id);
    }
    return taken === limit;
  }

  /** The tenants that have rows, beginning after the one served last, each found by one step in the index. */
  #queues(lane: number, max: number, skipped: ReadonlySet<string>): Queue[] {
    const queues: Queue[] = [];
    const start = this.#served.get(lane);
    const visit = (row: Row | undefined, until: string | undefined): void => {
      let next = row;
      while (next !== undefined && queues.length < max) {
        const tenant_id = readText(next, "tenant_id");
        if (until !== undefined && tenant_id > until) return;
        if (!skipped.has(tenant_id)) queues.push({ tenant_id, after: 0 });
        next = this.#nextTenant.get(lane, tenant_id);
      }
    };
    if (start !== undefined) visit(this.#nextTenant.get(lane, start), undefined);
    visit(this.#firstTenant.get(lane), start);
    return queues;
  }
}

const columns = (rows: readonly Row[]): Omit<ClaimOutput, "more"> => {
  const texts: string[] = [];
  const numbers = new Float64Array(rows.length * ROW_NUMBERS.length);
  let at = 0;
  for (const row of rows) {
    for (const column of ROW_TEXTS) texts.push(readText(row, column));
    for (const column of ROW_NUMBERS)
      numbers[at++] = row[column] === null ? Number.NaN : readNumber(row, column);
  }
  return { count: rows.length, texts, numbers };
};
