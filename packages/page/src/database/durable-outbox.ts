import { PAGE_BATCH } from "@meter-lib/transport-beacon";
import { IDLE_MS } from "../delivery/page-delivery.ts";
import { type Ended, type Entry, NEVER, newEntry } from "../delivery/page-entry.ts";
import type { DeadLetter } from "../delivery/page-events.ts";
import type { PageOutbox, PageOutboxParts } from "../delivery/page-outbox.ts";
import type { Due } from "../delivery/pick-due.ts";
import { refusalOf } from "../delivery/refusal-of.ts";
import { pageEventId } from "../event/page-event-id.ts";
import { type WireEvent, wireEvent } from "../event/wire-event.ts";
import { MAX_BYTES, MAX_EVENTS } from "../page-meter-options.ts";
import { durableSessions } from "../sessions/durable-sessions.ts";
import { ask } from "./indexed-db.ts";
import { addEvent, countDepartures, getEvent, getLetter, pageDatabase, type Rows } from "./page-database.ts";
import { pageLocks } from "./page-locks.ts";
import { parkedEvents } from "./parked-events.ts";

/** An older claim is void: the page was suspended in between. */
const STALE_CLAIM_MS = 60_000;
const MAX_DEAD = 1_000;

export interface DurableOutboxOptions {
  /** The database's name. */
  readonly name: string;
  readonly openTimeoutMs: number;
  readonly leaseMs: number;
}

/** Keeps a page's events and sessions in IndexedDB, for all pages of the origin; in memory while the database fails. */
export const durableOutbox =
  ({ name, openTimeoutMs, leaseMs }: DurableOutboxOptions) =>
  (parts: PageOutboxParts): PageOutbox => {
    const { options, own, emit, add, refuse, count } = parts;
    const { limits: { maxEvents = MAX_EVENTS, maxBytes = MAX_BYTES } = {} } = options;
    const me = pageEventId(Date.now());
    /** In no database, as far as is known, and not on the way to one. */
    const unsaved = new Set<Entry>();
    /** Could not be written without a look at what is there. */
    const doubtful = new Set<Entry>();
    let epoch: string | undefined;
    let hasMore = "indexedDB" in globalThis;
    let tendAt = 0;
    let saving: Promise<unknown> = Promise.resolve();
    let isWriteDue = false;
    let isSaveDue = false;
    /** How much was pending in the database when this page last looked, and what it has added since. */
    let waiting = 0;
    let waitingBytes = 0;
    /** Of that, what the head does not count yet. */
    let uncounted = 0;

    const database = pageDatabase({
      name,
      openTimeoutMs,
      emit,
      opened: (found) => {
        if (epoch === found) return;
        epoch = found;
        uncounted = 0;
        // The browser may have deleted the last database: then store what this page knows again.
        for (const entry of own.values()) {
          if (entry.epoch === undefined) continue;
          count(1);
          entry.epoch = undefined;
          unsaved.add(entry);
        }
      },
    });
    const locks = pageLocks(name, me, leaseMs);
    const parked = parkedEvents(name, me);
    const adopt = (stored: WireEvent) => add(entryOf(stored, epoch));
    const sessions = durableSessions({ ...parts, database, locks, me, adopt });

    const stored = (entry: Entry, isRepeat: boolean) => {
      count(-1);
      entry.epoch = epoch;
      entry.durable.resolve({ ok: true, ...(isRepeat && { repeat: true }) });
    };

    /** Those that were settled in the meantime need not be stored. */
    const take = (from: Set<Entry>): readonly Entry[] => {
      const entries = [...from].filter((entry) => own.get(entry.event.event_id) === entry);
      from.clear();
      return entries;
    };
    const putBack = (entries: readonly Entry[], into = unsaved) => {
      for (const entry of entries) into.add(entry);
    };

    /**
     * In the task that recorded, so without reading before: it is there, whatever becomes of the page.
     *
     * @param sent - by a page that is left
     */
    const write = (sent?: readonly Entry[]) => {
      isWriteDue = false;
      const entries = take(unsaved);
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
      const before = uncounted;
      const departure = sent && { bytes: before + bytes, sent: sent.map(exposureOf) };
      if (entries.length === 0 && !(departure && departure.bytes + sent.length > 0)) return;
      const written = database.write(entries, departure);
      if (written === undefined) {
        putBack(entries);
        return save();
      }
      waiting += entries.length;
      waitingBytes += bytes;
      uncounted = departure ? 0 : before + bytes;
      const done = written.then(
        () => {
          for (const entry of entries) stored(entry, false);
          parked.park([]);
        },
        () => {
          uncounted += departure ? before : -bytes;
          putBack(entries, doubtful);
          save();
        },
      );
      saving = Promise.all([saving, done]);
    };

    const writeDue = () => {
      if (isWriteDue) write();
    };

    const save = () => {
      if (isSaveDue || unsaved.size + doubtful.size === 0) return;
      isSaveDue = true;
      saving = saving.then(saveAll);
    };

    /** Looks up each event before storing it: its id may be there. */
    const saveAll = async () => {
      isSaveDue = false;
      const entries = [...take(doubtful), ...take(unsaved)];
      const isSaved = await database.change(async (rows) => {
        const room = await usedBy(rows);
        for (const entry of entries) {
          const { event, bytes } = entry;
          const known = (await getEvent(rows, event.event_id)) ?? (await getLetter(rows, event.event_id));
          const isFull = room.events >= maxEvents || room.bytes + bytes > maxBytes;
          const error = refusalOf(event, known, isFull);
          if (!known && !error) {
            addEvent(rows, entry);
            room.events++;
            room.bytes += bytes;
          }
          // It may be there from an attempt during which the page was suspended.
          const isRepeat = known !== undefined && known.event.event_time !== event.event_time;
          rows.after(() => {
            if (!error) return stored(entry, isRepeat);
            count(-1);
            refuse(entry, error);
          });
        }
        return true;
      });
      if (isSaved) {
        parked.park([]);
        return write();
      }
      putBack(entries);
      for (const { durable } of entries) durable.resolve({ ok: false, reason: "volatile" });
    };

    /** Stores what pages parked that ended before their database had it. */
    const storeParked = async () => {
      for (const [key, events] of parked.others()) {
        await database.change(async (rows) => {
          for (const [text, sent_at] of events) {
            const found: WireEvent = wireEvent(JSON.parse(text), text);
            const { event_id } = found.event;
            if ((await getEvent(rows, event_id)) ?? (await getLetter(rows, event_id))) continue;
            addEvent(rows, found);
            if (sent_at !== null) rows.head.sent.set(event_id, sent_at);
          }
          rows.after(() => parked.forget(key));
        });
      }
    };

    /** Everything recorded so far is stored, or cannot be. */
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
      await countDepartures(rows);
      const sum = { events: await ask(rows.events.count()), bytes: rows.head.bytes + uncounted };
      rows.after(() => {
        waiting = sum.events;
        waitingBytes = sum.bytes;
      });
      return sum;
    };

    const entryOf = (stored: WireEvent, found: string | undefined): Entry =>
      own.get(stored.event.event_id) ?? newEntry(stored, found);

    /** Takes the oldest events and marks them as sent from now on. */
    const claim = (now: number, pick: (entries: readonly Entry[]) => Due) =>
      database.change(async (rows): Promise<Due> => {
        const { events, head } = rows;
        await countDepartures(rows);
        const counted = uncounted;
        head.bytes += counted;
        const time = performance.now();
        const isDue = (entry: Entry | undefined) => (entry?.later ?? 0) <= time;
        const mine = [...own.values()];
        // Beyond a batch, as many as are not due.
        const most = PAGE_BATCH.maxEvents + 1 + mine.filter((entry) => !isDue(entry)).length;
        const keys = (await ask(events.getAllKeys(null, most))).map(String);
        const areAll = keys.length < most;
        const ids = new Set(keys);
        const last = keys.at(-1) ?? "";
        const gone: Ended[] = [];
        for (const entry of mine) {
          const { event_id } = entry.event;
          // Another page has delivered it.
          if (
            entry.epoch === head.epoch &&
            entry.later < NEVER &&
            !ids.has(event_id) &&
            (areAll || event_id < last)
          )
            gone.push([entry, (await getLetter(rows, event_id)) ?? { state: "acknowledged" }]);
        }
        const found: Entry[] = [];
        for (const id of keys.filter((key) => isDue(own.get(key))).slice(0, PAGE_BATCH.maxEvents)) {
          const known = own.get(id);
          const stored = known ?? (await getEvent(rows, id));
          if (stored === undefined) continue;
          const entry = known ?? newEntry(stored, head.epoch);
          const sent_at = head.sent.get(id) ?? NEVER;
          if (sent_at < (entry.sent_at ?? NEVER)) entry.sent_at = sent_at;
          found.push(entry);
        }
        const { batch, stale } = pick(found);
        if (locks.areMissing && batch.length > 0) {
          const { lease } = head;
          if (lease && lease.owner !== me && lease.until > now) return { batch: [], stale: gone };
          head.lease = { owner: me, until: now + leaseMs };
        }
        if (areAll) for (const id of head.sent.keys()) if (!ids.has(id)) head.sent.delete(id);
        if (ids.size === 0) head.bytes = 0;
        for (const { event, sent_at = now } of batch) head.sent.set(event.event_id, sent_at);
        const others = keys.filter((id) => !own.has(id));
        hasMore = !areAll || others.length > batch.filter(({ event }) => !own.has(event.event_id)).length;
        waiting = areAll ? ids.size : await ask(events.count());
        waitingBytes = head.bytes;
        rows.after(() => {
          uncounted -= counted;
        });
        return { batch, stale: [...gone, ...stale] };
      });

    return {
      hasMore: () => hasMore,
      isFull: (bytes) =>
        waiting + unsaved.size + doubtful.size >= maxEvents || waitingBytes + bytes > maxBytes,
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
          await storeParked();
        }
        await locks.inTurn(async () => {
          const now = Date.now();
          const due = await claim(now, pick);
          if (due && Date.now() - now < STALE_CLAIM_MS) await send(due);
        });
        return !database.isDown();
      },
      settle: async (ended, again) => {
        // This page knows best whether it sent the event.
        const unsent = again.filter(({ sent_at }) => sent_at === undefined);
        if (ended.length + unsent.length === 0) return;
        // What is being stored must be there when it is settled.
        await allSaved();
        await database.change(async (rows) => {
          const { letters, head } = rows;
          if (unsent.length > 0) await countDepartures(rows);
          for (const { event } of unsent) head.sent.delete(event.event_id);
          const found = await takeOut(
            rows,
            ended.map(([{ event }]) => event.event_id),
          );
          for (const [{ event, bytes }, fate] of ended) {
            const { event_id } = event;
            if (!found.has(event_id)) continue;
            head.sent.delete(event_id);
            head.bytes = Math.max(0, head.bytes - bytes);
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
        const sum = { ...volatile };
        await database.change(async ({ head, events, after }) => {
          const kept = { ...head, pending: await ask(events.count()) };
          after(() => {
            for (const field of ["acknowledged", "pending", "rejected", "quarantined"] as const) {
              sum[field] += kept[field];
              sum.recorded += kept[field];
            }
          });
        });
        return sum;
      },
      startSession: sessions.start,
      leaving: write,
      leave: (isSleep) => {
        write([]);
        parked.park([...own.values()].filter(({ epoch }) => epoch === undefined));
        sessions.touch();
        if (!isSleep) return;
        locks.sleep();
        database.sleep();
      },
      wake: () => {
        locks.wake();
        database.wake();
        void sessions.tend();
      },
      letters: () => database.change(({ letters }) => ask<DeadLetter[]>(letters.getAll())),
      redrive: (event_ids) =>
        database.change(async (rows) => {
          const { letters, head } = rows;
          let count = 0;
          // Whoever has it sent again has looked whether it was counted: what is noted of that is over.
          await countDepartures(rows);
          for (const id of event_ids ?? (await ask(letters.getAllKeys())).map(String)) {
            const letter = await getLetter(rows, id);
            if (letter === undefined) continue;
            const { event, state } = letter;
            addEvent(rows, wireEvent(event));
            letters.delete(id);
            head[state]--;
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
        if (erase) parked.clear();
      },
    };
  };

const exposureOf = ({ event, sent_at = Date.now() }: Entry) => [event.event_id, sent_at] as const;

/** Deletes the events that are there, and returns them. */
const takeOut = async ({ events }: Rows, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  const sorted = [...ids].sort();
  const [first] = sorted;
  if (first === undefined) return new Set();
  const range = IDBKeyRange.bound(first, sorted.at(-1));
  const among = (await ask(events.getAllKeys(range))).map(String);
  const wanted = new Set(ids);
  const found = among.filter((id) => wanted.has(id));
  // Events of other pages may lie between.
  if (found.length === among.length) events.delete(range);
  else for (const id of found) events.delete(id);
  return new Set(found);
};
