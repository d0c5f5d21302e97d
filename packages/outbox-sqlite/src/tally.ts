import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AccountField, Accounts } from "@meter-lib/core";
import { readNumber, readText } from "./read-column.ts";

// Its own list: the worker loads nothing of the core at run time, so it needs no import conditions.
const FIELDS: readonly AccountField[] = [
  "recorded",
  "acknowledged",
  "pending",
  "rejected",
  "quarantined",
  "discarded",
  "lost",
];

type Counts = Record<AccountField, number>;

interface LedgerDelta {
  readonly hour: number;
  readonly tenant_id: string;
  readonly meter_id: string;
  recorded: number;
  acknowledged: number;
  recordedUsage: number;
  acknowledgedUsage: number;
}

const noCounts = (): Counts => ({
  recorded: 0,
  acknowledged: 0,
  pending: 0,
  rejected: 0,
  quarantined: 0,
  discarded: 0,
  lost: 0,
});

/** Gathers what one transaction adds to the accounts, the ledger and the totals, and writes it at its end. */
export class Tally {
  nextKey = 0;
  pendingEvents = 0;
  pendingBytes = 0;
  tombstones = 0;
  segmentTombstones = 0;

  readonly #meters = new Map<string, Counts>();
  readonly #ledger = new Map<string, LedgerDelta>();
  // Events of one tenant, meter and hour come in runs: the last line is looked at first.
  #lastLine: LedgerDelta | undefined;
  readonly #readTotals: StatementSync;
  readonly #writeTotals: StatementSync;
  readonly #writeAccount: StatementSync;
  readonly #writeLedger: StatementSync;
  readonly #readAccounts: StatementSync;

  constructor(db: DatabaseSync) {
    this.#readTotals = db.prepare(
      "SELECT next_key, pending_events, pending_bytes, tombstones, segment_tombstones FROM totals WHERE id = 1",
    );
    this.#writeTotals = db.prepare(
      "UPDATE totals SET next_key = ?, pending_events = ?, pending_bytes = ?, tombstones = ?, segment_tombstones = ? WHERE id = 1",
    );
    this.#writeAccount = db.prepare(`
      INSERT INTO accounts (meter_id, ${FIELDS.join(", ")}) VALUES (?, ${FIELDS.map(() => "?").join(", ")})
      ON CONFLICT (meter_id) DO UPDATE SET ${FIELDS.map((field) => `${field} = ${field} + excluded.${field}`).join(", ")}`);
    this.#writeLedger = db.prepare(`
      INSERT INTO ledger (hour, tenant_id, meter_id, recorded, acknowledged, recorded_usage, acknowledged_usage)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (hour, tenant_id, meter_id) DO UPDATE SET
        recorded = recorded + excluded.recorded,
        acknowledged = acknowledged + excluded.acknowledged,
        recorded_usage = recorded_usage + excluded.recorded_usage,
        acknowledged_usage = acknowledged_usage + excluded.acknowledged_usage`);
    this.#readAccounts = db.prepare(`SELECT meter_id, ${FIELDS.join(", ")} FROM accounts ORDER BY meter_id`);
  }

  begin(): void {
    const totals = this.#readTotals.get();
    this.nextKey = readNumber(totals, "next_key");
    this.pendingEvents = readNumber(totals, "pending_events");
    this.pendingBytes = readNumber(totals, "pending_bytes");
    this.tombstones = readNumber(totals, "tombstones");
    this.segmentTombstones = readNumber(totals, "segment_tombstones");
    this.#meters.clear();
    this.#ledger.clear();
    this.#lastLine = undefined;
  }

  count(meter_id: string, field: AccountField, events: number): void {
    let counts = this.#meters.get(meter_id);
    if (counts === undefined) {
      counts = noCounts();
      this.#meters.set(meter_id, counts);
    }
    counts[field] += events;
  }

  recorded(tenant_id: string, meter_id: string, hour: number, events: number, usage: number): void {
    this.count(meter_id, "recorded", events);
    this.count(meter_id, "pending", events);
    const line = this.#line(tenant_id, meter_id, hour);
    line.recorded += events;
    line.recordedUsage += usage;
  }

  acknowledged(tenant_id: string, meter_id: string, hour: number, events: number, usage: number): void {
    const line = this.#line(tenant_id, meter_id, hour);
    line.acknowledged += events;
    line.acknowledgedUsage += usage;
  }

  end(): void {
    this.#writeTotals.run(
      this.nextKey,
      this.pendingEvents,
      this.pendingBytes,
      this.tombstones,
      this.segmentTombstones,
    );
    for (const [meter_id, counts] of this.#meters) {
      this.#writeAccount.run(meter_id, ...FIELDS.map((field) => counts[field]));
    }
    for (const line of this.#ledger.values()) {
      const { hour, tenant_id, meter_id, recorded, acknowledged, recordedUsage, acknowledgedUsage } = line;
      this.#writeLedger.run(
        hour,
        tenant_id,
        meter_id,
        recorded,
        acknowledged,
        recordedUsage,
        acknowledgedUsage,
      );
    }
  }

  accounts(): Accounts {
    const total = noCounts();
    const meters: [string, Counts][] = [];
    for (const row of this.#readAccounts.all()) {
      const counts = noCounts();
      for (const field of FIELDS) {
        counts[field] = readNumber(row, field);
        total[field] += counts[field];
      }
      meters.push([readText(row, "meter_id"), counts]);
    }
    return { ...total, meters: Object.fromEntries(meters) };
  }

  #line(tenant_id: string, meter_id: string, hour: number): LedgerDelta {
    const last = this.#lastLine;
    if (
      last !== undefined &&
      last.hour === hour &&
      last.meter_id === meter_id &&
      last.tenant_id === tenant_id
    )
      return last;
    const key = `${hour} ${meter_id.length} ${meter_id} ${tenant_id}`;
    let line = this.#ledger.get(key);
    if (line === undefined) {
      line = {
        hour,
        tenant_id,
        meter_id,
        recorded: 0,
        acknowledged: 0,
        recordedUsage: 0,
        acknowledgedUsage: 0,
      };
      this.#ledger.set(key, line);
    }
    this.#lastLine = line;
    return line;
  }
}
