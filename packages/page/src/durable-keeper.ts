import { ACCOUNT_FIELDS, emptyAccount } from "@meter-lib/core";
import { PAGE_BATCH } from "@meter-lib/transport-beacon";
import { durableSessions } from "./durable-sessions.ts";
import { addEvent, ask, type EventRow, getEvent, getLetter, pageDatabase } from "./page-database.ts";
import { IDLE_MS } from "./page-delivery.ts";
import { type Ended, type Entry, NEVER, newEntry } from "./page-entry.ts";
import { pageEventId } from "./page-event-id.ts";
import type { KeeperParts, PageKeeper } from "./page-keeper.ts";
import { pageLocks } from "./page-locks.ts";
import { MAX_BYTES, MAX_EVENTS } from "./page-meter-options.ts";
import type { Due } from "./pick-due.ts";
import { refusalOf } from "./refusal-of.ts";

/** A claim older than that is not acted upon: the page slept meanwhile. */
const STALE_CLAIM_MS = 60_000;
const MAX_DEAD = 1_000;

export interface DurableKeeperOptions {
  /** The database's name. */
  readonly name: string;
  readonly openTimeoutMs: number;
  readonly leaseMs: number;
}

/** Keeps a page's events and sessions in IndexedDB, for all pages of the origin; in memory while that does not work. */
export const durableKeeper =
  ({ name, openTimeoutMs, leaseMs }: DurableKeeperOptions) =>
  (parts: KeeperParts): PageKeeper => {
    const { options, own, emit, add, refuse, count } = parts;
    const { limits: { maxEvents = MAX_EVENTS, maxBytes = MAX_BYTES } = {} } = options;
    const me = pageEventId(Date.now());
    let epoch: string | undefined;
    let hasMore = "indexedDB" in globalThis;
    let tendAt = 0;
    let saving: Promise<void> = Promise.resolve();
    let isSaveDue = false;

    const database = pageDatabase({
      name,
      openTimeoutMs,
      emit,
      committed: (found) => {
        if (epoch === found) return;
        epoch = found;
        // The browser may have thrown the last one away: then what this page knows is stored anew.
        for (const entry of own.values()) {
          if (entry.epoch !== undefined) count(1);
          entry.epoch = undefined;
        }
      },
    });
    const locks = pageLocks(name, me, leaseMs);
    const adopt = (row: EventRow) => add(entryOf(row, epoch));
    const sessions = durableSessions({ ...parts, database, locks, me, adopt });

    const saveAll = async () => {
      isSaveDue = false;
      const fresh = [...own.values()].filter((entry) => entry.epoch === undefined);
      if (fresh.length === 0) return;
      const isSaved = await database.change(async (rows) => {
        for (const entry of fresh) {
          const { event, bytes, durable } = entry;
          const known = (await getEvent(rows, event.event_id)) ?? (await getLetter(rows, event.event_id));
          const isFull = rows.head.pending >= maxEvents || rows.head.bytes + bytes > maxBytes;
          const error = refusalOf(event, known, isFull);
          if (!known && !error) addEvent(rows, rowOf(entry));
          rows.after(() => {
            count(-1);
            if (error) return refuse(entry, error);
            entry.epoch = epoch;
            durable.resolve({ ok: true, ...(known && { repeat: true }) });
          });
        }
        return true;
      });
      if (!isSaved) for (const { durable } of fresh) durable.resolve({ ok: false, reason: "volatile" });
    };

    const entryOf = (row: EventRow, found: string | undefined): Entry => {
      const entry = own.get(row.event.event_id) ?? newEntry(row.event, row.bytes, found);
      entry.exposed_at = row.exposed_at;
      entry.sent_at = row.sent_at ?? entry.sent_at;
      return entry;
    };

    const save = () => {
      if (!isSaveDue) saving = saving.then(saveAll);
      isSaveDue = true;
      return saving;
    };

    /** Takes the oldest events, marked as sent from now on. */
    const claim = (now: number, pick: (entries: readonly Entry[]) => Due) =>
      database.change(async (rows): Promise<Due> => {
        const { events, head } = rows;
        const ids = new Set((await ask(events.getAllKeys())).map(String));
        const gone: Ended[] = [];
        for (const entry of own.values()) {
          const { event_id } = entry.event;
          // Another page has taken it to the relay.
          if (entry.epoch === head.epoch && entry.later < NEVER && !ids.has(event_id))
            gone.push([entry, (await getLetter(rows, event_id)) ?? { state: "acknowledged" }]);
        }
        const oldest = [...ids].filter((id) => (own.get(id)?.later ?? 0) <= performance.now());
        const found: Entry[] = [];
        for (const id of oldest.slice(0, PAGE_BATCH.maxEvents)) {
          const row = await getEvent(rows, id);
          if (row) found.push(entryOf(row, head.epoch));
        }
        const { batch, stale } = pick(found);
        if (locks.areMissing && batch.length > 0) {
          const { lease } = head;
          if (lease && lease.owner !== me && lease.until > now) return { batch: [], stale: gone };
          head.lease = { owner: me, until: now + leaseMs };
        }
        for (const entry of batch)
          events.put({ ...rowOf(entry), sent_at: entry.sent_at ?? now }, entry.event.event_id);
        hasMore = ids.size > batch.length;
        return { batch, stale: [...gone, ...stale] };
      });

    return {
      hasMore: () => hasMore,
      keep: (entry) => {
        // A page that is online may send it as it leaves, when there is no time to write that down.
        if (globalThis.navigator?.onLine !== false) entry.exposed_at = Date.now();
        void save();
      },
      drain: async (pick, send) => {
        await save();
        if (performance.now() >= tendAt) {
          tendAt = performance.now() + IDLE_MS;
          await sessions.tend();
        }
        await locks.inTurn(async () => {
          const now = Date.now();
          const due = await claim(now, pick);
          if (due && Date.now() - now < STALE_CLAIM_MS) await send(due);
        });
        return !database.isDown();
      },
      mayLeave: ({ exposed_at, epoch }) =>
        exposed_at !== undefined || (epoch === undefined && database.isDown()),
      settle: async (ended, untouched) => {
        if (ended.length + untouched.length === 0) return;
        // What is being stored is to be there when its end is.
        await saving;
        await database.change(async (rows) => {
          const { events, letters, head } = rows;
          for (const entry of untouched) {
            const { event_id } = entry.event;
            // This page knows best whether it sent it.
            if (own.get(event_id) === entry && entry.sent_at === undefined) entry.exposed_at = undefined;
            if (await getEvent(rows, event_id)) events.put(rowOf(entry), event_id);
          }
          for (const [{ event, bytes }, fate] of ended) {
            const { event_id } = event;
            if ((await getEvent(rows, event_id)) === undefined) continue;
            events.delete(event_id);
            head.pending--;
            head.bytes -= bytes;
            head[fate.state]++;
            if (fate.state === "acknowledged") continue;
            letters.put({ ...fate, event }, event_id);
            if (head.rejected + head.quarantined > MAX_DEAD)
              for (const key of await ask(letters.getAllKeys(null, 1))) letters.delete(key);
          }
          if (head.lease?.owner === me) head.lease = undefined;
        });
      },
      stats: async (volatile) => {
        const head = await database.change(async (rows) => rows.head);
        const sum = emptyAccount();
        for (const field of ACCOUNT_FIELDS) sum[field] = volatile[field] + (head?.[field] ?? 0);
        return sum;
      },
      startSession: sessions.start,
      leave: (isSleep) => {
        sessions.touch();
        if (!isSleep) return;
        locks.sleep();
        database.sleep();
      },
      wake: () => {
        database.wake();
        void sessions.tend();
      },
      close: async () => {
        await save();
        sessions.touch();
        sessions.close();
        locks.sleep();
        database.close();
      },
    };
  };

const rowOf = ({ event, bytes, exposed_at, sent_at }: Entry): EventRow => ({
  event,
  bytes,
  exposed_at,
  sent_at,
});
