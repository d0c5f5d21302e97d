import type { Account, EndState, LedgerRow, RowState, SessionRow, UsageEvent } from "@meter-lib/core";
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from "idb";

/** One event that has not ended. */
export interface EventRow extends UsageEvent {
  readonly key: number;
  readonly bytes: number;
  readonly fingerprint: number;
  readonly lane: "live" | "backfill";
  readonly producer: string;
  readonly seq: number;
  readonly recorded_at: number;
  readonly state: RowState;
  /** Empty until the tenant's customer is known. */
  readonly customer_id: string;
  readonly attempts: number;
  readonly first_sent_at: number | undefined;
  /** Who may send it. Left out when nobody holds it; only then `free` is there. */
  readonly holder?: string;
  /** 0 live, 1 backfill: in this order such rows are claimed. */
  readonly free?: 0 | 1;
  readonly reason?: string | undefined;
  readonly status?: number | undefined;
  readonly ended_at?: number | undefined;
}

/** An ended event's identity, so that a repeat is one. */
export interface Tombstone {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly meter_id: string;
  readonly hour: number;
  readonly fingerprint: number;
  readonly state: EndState;
  readonly ended_at: number;
}

/** An opened outbox. The row goes when it is closed, or when it died and another one took over from it. */
export interface OwnerRow {
  readonly producer: string;
  /** Grows with each return of the owner, so that nobody takes over from one that is back. */
  readonly fence: number;
  /** Whether it shows by a Web Lock that it is alive; else by `seen_at`. */
  readonly locked: boolean;
  readonly seen_at: number;
}

export interface StoredSession extends SessionRow {
  /** How often each owner is in it. */
  readonly holders: Readonly<Record<string, number>>;
}

export interface AccountRow extends Account {
  readonly meter_id: string;
}

/** One row. `store` tells this database from one of the same name that was deleted. */
export interface Totals {
  readonly store: string;
  readonly next_key: number;
  readonly pending_events: number;
  readonly pending_bytes: number;
  readonly tombstones: number;
}

export interface OutboxSchema extends DBSchema {
  events: {
    key: number;
    value: EventRow;
    indexes: { identity: [string, string]; free: [number, string, number]; holder: string };
  };
  tombstones: { key: [string, string]; value: Tombstone; indexes: { ended_at: number } };
  owners: { key: string; value: OwnerRow };
  sessions: { key: string; value: StoredSession };
  accounts: { key: string; value: AccountRow };
  ledger: { key: [number, string, string]; value: LedgerRow };
  totals: { key: number; value: Totals };
}

export type OutboxDatabase = IDBPDatabase<OutboxSchema>;
export type StoreName = "events" | "tombstones" | "owners" | "sessions" | "accounts" | "ledger" | "totals";
export type WriteTransaction = IDBPTransaction<OutboxSchema, StoreName[], "readwrite">;

export const STORES: StoreName[] = [
  "events",
  "tombstones",
  "owners",
  "sessions",
  "accounts",
  "ledger",
  "totals",
];
export const TOTALS_KEY = 1;

const VERSION = 1;

export interface OpenEvents {
  /** Another page still has an older version open. */
  blocked(): void;
  /** Asked before the database is created: whether the page meanwhile went to sleep. */
  isUnwanted(): boolean;
  /** The connection is closed, or has to be. */
  ended(): void;
}

export const openOutboxDatabase = async (
  name: string,
  { blocked, isUnwanted, ended }: OpenEvents,
): Promise<OutboxDatabase> => {
  const db = await openDB<OutboxSchema>(name, VERSION, {
    // Without any request, so that it is through when this returns: a page that goes into the back/forward cache before it hears of
    // the end of one would keep all others from opening the database.
    upgrade: (created, _oldVersion, _newVersion, transaction) => {
      if (isUnwanted()) {
        transaction.done.catch(() => {});
        transaction.abort();
        return;
      }
      const events = created.createObjectStore("events", { keyPath: "key" });
      events.createIndex("identity", ["tenant_id", "event_id"], { unique: true });
      events.createIndex("free", ["free", "tenant_id", "key"]);
      events.createIndex("holder", "holder");
      const tombstones = created.createObjectStore("tombstones", { keyPath: ["tenant_id", "event_id"] });
      tombstones.createIndex("ended_at", "ended_at");
      created.createObjectStore("owners", { keyPath: "producer" });
      created.createObjectStore("sessions", { keyPath: "session_id" });
      created.createObjectStore("accounts", { keyPath: "meter_id" });
      created.createObjectStore("ledger", { keyPath: ["hour", "tenant_id", "meter_id"] });
      created.createObjectStore("totals");
    },
    blocked,
    // A newer version wants to upgrade: this connection must not be in its way.
    blocking: ended,
    terminated: ended,
  });
  return db;
};
