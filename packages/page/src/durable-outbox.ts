import { ACCOUNT_FIELDS, emptyAccount } from "@meter-lib/core/store";
import { PAGE_BATCH, utf8Bytes } from "@meter-lib/transport-beacon";
import { durableSessions } from "./durable-sessions.ts";
import {
  addEvent,
  ask,
  type EventRow,
  getCounters,
  getEvent,
  getLetter,
  type Head,
  type PageCounter,
  pageDatabase,
  type Rows,
} from "./page-database.ts";
import { IDLE_MS } from "./page-delivery.ts";
import { type Ended, type Entry, NEVER, newEntry } from "./page-entry.ts";
import { pageEventId } from "./page-event-id.ts";
import type { DeadLetter } from "./page-events.ts";
import { pageLocks } from "./page-locks.ts";
import { MAX_BYTES, MAX_EVENTS } from "./page-meter-options.ts";
import type { PageOutbox, PageOutboxParts } from "./page-outbox.ts";
import type { Due } from "./pick-due.ts";
import { refusalOf } from "./refusal-of.ts";

/** A claim older than that is not acted upon: the page slept meanwhile. */
const STALE_CLAIM_MS = 60_000;
const MAX_DEAD = 1_000;
/** For so long a page may write before it is known to live; without Web Locks nobody knows who does. */
const FOLD_AFTER_MS = 300_000;
const FOLD_UNKNOWN_AFTER_MS = 86_400_000;

export interface DurableOutboxOptions {
  /** The database's name. */
  readonly name: string;
  readonly openTimeoutMs: number;
  readonly leaseMs: number;
}

/** Keeps a page's events and sessions in IndexedDB, for all pages of the origin; in memory while that does not work. */
export const durableOutbox =
  ({ name, openTimeoutMs, leaseMs }: DurableOutboxOptions) =>
  (parts: PageOutboxParts): PageOutbox => {
    const { options, own, emit, add, refuse, count } = parts;
    const { limits: { maxEvents = MAX_EVENTS, maxBytes = MAX_BYTES } = {} } = options;
    const me = pageEventId(Date.now());
    /** In no database, as far as is known, and not on the way there. */
    const unsaved = new Set<Entry>();
    let epoch: string | undefined;
    let hasMore = "indexedDB" in globalThis;
    let tendAt = 0;
    let saving: Promise<unknown> = Promise.resolve();
    let isWriteDue = false;
    let isSaveDue = false;
    /** How much waited in the database when this page last looked, and what it added since. */
    let waiting = 0;
    let waitingBytes = 0;

    const database = pageDatabase({
      name,
      me,
      openTimeoutMs,
      emit,
      opened: (found) => {
        if (epoch === found) return;
        epoch = found;
        // The browser may have thrown the last one away: then what this page knows is stored anew.
        for (const entry of own.values()) {
          if (entry.epoch === undefined) continue;
          count(1);
          entry.epoch = undefined;
          unsaved.add(entry);
        }
      },
    });
    const locks = pageLocks(name, me, leaseMs);
    const adopt = (row: EventRow) => add(entryOf(row, epoch));
    const sessions = durableSessions({ ...parts, database, locks, me, adopt });

    const stored = (entry: Entry, isRepeat: boolean) => {
      count(-1);
      entry.epoch = epoch;
      entry.durable.resolve({ ok: true, ...(isRepeat && { repeat: true }) });
    };

    /** Those that were settled meanwhile are not to be stored any more. */
    const takeUnsaved = (): readonly Entry[] => {
      const entries = [...unsaved].filter((entry) => own.get(entry.event.event_id) === entry);
      unsaved.clear();
      return entries;
    };
    const putBack = (entries: readonly Entry[]) => {
      for (const entry of entries) unsaved.add(entry);
    };

    /** In the task that recorded, so without reading before: it is there, whatever becomes of the page. */
    const write = (isLeaving = false) => {
      isWriteDue = false;
      const entries = takeUnsaved();
      const written = database.write(entries.map(rowOf), isLeaving);
      if (written === undefined) {
        putBack(entries);
        return save();
      }
      for (const { bytes } of entries) {
        waiting++;
        waitingBytes += bytes;
      }
      const done = written.then(
        () => {
          for (const entry of entries) stored(entry, false);
        },
        () => {
          putBack(entries);
          save();
        },
      );
      saving = Promise.all([saving, done]);
    };

    const writeDue = () => {
      if (isWriteDue) write();
    };

    const save = () => {
      if (isSaveDue || unsaved.size === 0) return;
      isSaveDue = true;
      saving = saving.then(saveAll);
    };

    /** Looks at each event before it is stored: its id may be there. */
    const saveAll = async () => {
      isSaveDue = false;
      const entries = takeUnsaved();
      const isSaved = await database.change(async (rows) => {
        const room = await usedBy(rows);
        for (const entry of entries) {
          const { event, bytes } = entry;
          const known = (await getEvent(rows, event.event_id)) ?? (await getLetter(rows, event.event_id));
          const isFull = room.events >= maxEvents || room.bytes + bytes > maxBytes;
          const error = refusalOf(event, known, isFull);
          if (!known && !error) {
            addEvent(rows, rowOf(entry));
            room.events++;
            room.bytes += bytes;
          }
          // It may be there since an attempt that the page slept through.
          const isRepeat = known !== undefined && known.event.event_time !== event.event_time;
          rows.after(() => {
            if (!error) return stored(entry, isRepeat);
            count(-1);
            refuse(entry, error);
          });
        }
        return true;
      });
      if (isSaved) return write();
      putBack(entries);
      for (const { durable } of entries) durable.resolve({ ok: false, reason: "volatile" });
    };

    /** All that was recorded so far is stored, or cannot be. */
    const allSaved = async () => {
      writeDue();
      save();
      let seen: unknown;
      while (seen !== saving) {
        seen = saving;
        await seen;
      }
    };

    const usedBy = async (rows: Rows) => {
      const sum = {
        events: await ask(rows.events.count()),
        bytes: bytesIn(rows.head, await getCounters(rows)),
      };
      rows.after(() => {
        waiting = sum.events;
        waitingBytes = sum.bytes;
      });
      return sum;
    };

    const entryOf = (row: EventRow, found: string | undefined): Entry =>
      own.get(row.event.event_id) ?? newEntry(row.event, row.bytes, found);

    /** Adds what pages that are gone wrote on their own to the head. */
    const foldCounters = async () => {
      void locks.show();
      const lives = await locks.living();
      await database.change(async (rows) => {
        const { head, counters } = rows;
        const before = Date.now() - (locks.areMissing ? FOLD_UNKNOWN_AFTER_MS : FOLD_AFTER_MS);
        for (const { id, by, seen_at, recorded, bytes, sent } of await getCounters(rows)) {
          if (seen_at > before || lives({ producer: by, seen_at })) continue;
          head.recorded += recorded;
          head.bytes += bytes;
          for (const [event_id, at] of sent)
            head.sent.set(event_id, Math.min(at, head.sent.get(event_id) ?? at));
          counters.delete(id);
        }
      });
    };

    /** Takes the oldest events, marked as sent from now on. */
    const claim = (now: number, pick: (entries: readonly Entry[]) => Due) =>
      database.change(async (rows): Promise<Due> => {
        const { events, head } = rows;
        const counters = await getCounters(rows);
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
          const known = own.get(id);
          const row = known ?? (await getEvent(rows, id));
          if (row === undefined) continue;
          const entry = known ?? entryOf(row, head.epoch);
          entry.sent_at = earliest([
            entry.sent_at,
            head.sent.get(id),
            ...counters.map(({ sent }) => sent.get(id)),
          ]);
          found.push(entry);
        }
        const { batch, stale } = pick(found);
        if (locks.areMissing && batch.length > 0) {
          const { lease } = head;
          if (lease && lease.owner !== me && lease.until > now) return { batch: [], stale: gone };
          head.lease = { owner: me, until: now + leaseMs };
        }
        for (const id of head.sent.keys()) if (!ids.has(id)) head.sent.delete(id);
        for (const { event, sent_at = now } of batch) head.sent.set(event.event_id, sent_at);
        hasMore = ids.size > batch.length;
        waiting = ids.size;
        waitingBytes = bytesIn(head, counters);
        return { batch, stale: [...gone, ...stale] };
      });

    return {
      hasMore: () => hasMore,
      isFull: (bytes) => waiting + unsaved.size >= maxEvents || waitingBytes + bytes > maxBytes,
      keep: (entry) => {
        unsaved.add(entry);
        if (!isWriteDue) queueMicrotask(writeDue);
        isWriteDue = true;
      },
      drain: async (pick, send) => {
        await allSaved();
        if (performance.now() >= tendAt) {
          tendAt = performance.now() + IDLE_MS;
          await sessions.tend();
          await foldCounters();
        }
        await locks.inTurn(async () => {
          const now = Date.now();
          const due = await claim(now, pick);
          if (due && Date.now() - now < STALE_CLAIM_MS) await send(due);
        });
        return !database.isDown();
      },
      settle: async (ended, untouched) => {
        if (ended.length + untouched.length === 0) return;
        const left = database.counter()?.sent;
        let wasLeft = false;
        // This page knows best whether it sent it.
        const unsent = untouched.filter(({ sent_at }) => sent_at === undefined);
        for (const { event } of [...unsent, ...ended.map(([entry]) => entry)])
          wasLeft = left?.delete(event.event_id) || wasLeft;
        if (wasLeft) database.write([])?.catch(() => {});
        // What is being stored is to be there when its end is.
        await allSaved();
        await database.change(async (rows) => {
          const { letters, head } = rows;
          for (const { event } of unsent) head.sent.delete(event.event_id);
          const found = await takeOut(
            rows,
            ended.map(([{ event }]) => event.event_id),
          );
          for (const [{ event, bytes }, fate] of ended) {
            const { event_id } = event;
            if (!found.has(event_id)) continue;
            head.sent.delete(event_id);
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
        const kept = await database.change(async (rows) => {
          const sum = { ...rows.head, pending: await ask(rows.events.count()) };
          for (const { recorded } of await getCounters(rows)) sum.recorded += recorded;
          return sum;
        });
        const sum = emptyAccount();
        for (const field of ACCOUNT_FIELDS) sum[field] = volatile[field] + (kept?.[field] ?? 0);
        return sum;
      },
      startSession: sessions.start,
      leaving: (entries) => {
        const left = database.counter()?.sent;
        for (const { event, sent_at = Date.now() } of entries) left?.set(event.event_id, sent_at);
        write(true);
      },
      leave: (isSleep) => {
        if (isWriteDue) write(true);
        sessions.touch();
        if (!isSleep) return;
        locks.sleep();
        database.sleep();
      },
      wake: () => {
        database.wake();
        void sessions.tend();
      },
      letters: () => database.change(({ letters }) => ask<DeadLetter[]>(letters.getAll())),
      redrive: (event_ids) =>
        database.change(async (rows) => {
          const { events, letters, head } = rows;
          let count = 0;
          for (const id of event_ids ?? (await ask(letters.getAllKeys())).map(String)) {
            const letter = await getLetter(rows, id);
            if (letter === undefined) continue;
            const { event, state } = letter;
            const bytes = utf8Bytes(JSON.stringify(event));
            events.put({ event, bytes } satisfies EventRow, id);
            letters.delete(id);
            head[state]--;
            head.bytes += bytes;
            // Whoever has it sent again has looked whether it was counted.
            head.sent.delete(id);
            count++;
          }
          hasMore ||= count > 0;
          return count;
        }),
      close: async (erase) => {
        await allSaved();
        sessions.touch();
        sessions.close();
        locks.sleep();
        database.close(erase);
      },
    };
  };

const rowOf = ({ event, bytes }: Entry): EventRow => ({ event, bytes });

const bytesIn = (head: Head, counters: readonly PageCounter[]): number =>
  counters.reduce((sum, { bytes }) => sum + bytes, head.bytes);

const earliest = (times: readonly (number | undefined)[]): number | undefined => {
  const first = Math.min(...times.map((time) => time ?? NEVER));
  return first === NEVER ? undefined : first;
};

/** Deletes the events that are there, and answers which were. */
const takeOut = async ({ events }: Rows, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  const sorted = [...ids].sort();
  const [first] = sorted;
  if (first === undefined) return new Set();
  const range = IDBKeyRange.bound(first, sorted.at(-1));
  const among = (await ask(events.getAllKeys(range))).map(String);
  const wanted = new Set(ids);
  const found = among.filter((id) => wanted.has(id));
  // Another page's may lie between.
  if (found.length === among.length) events.delete(range);
  else for (const id of found) events.delete(id);
  return new Set(found);
};
