import { ACCOUNT_FIELDS, emptyAccount, type PageEvent, type SettledOutcome } from "@meter-lib/core";
import { PAGE_BATCH } from "@meter-lib/transport-beacon";
import { inSlice } from "./drain-slice.ts";
import { durableSessions } from "./durable-sessions.ts";
import {
  addRow,
  claimRows,
  type EventRow,
  endRow,
  eventRow,
  getLetter,
  getRow,
  putRow,
} from "./event-rows.ts";
import { pageDatabase } from "./page-database.ts";
import { DAY_MS, MAX_BYTES, MAX_EVENTS, type PageDelivery, refusal } from "./page-delivery.ts";
import { type Entry, isSame, newEntry } from "./page-entry.ts";
import { pageEventId } from "./page-event-id.ts";
import type { DeadLetter } from "./page-events.ts";
import type { PageKeeper } from "./page-keeper.ts";

const IDLE_MS = 15_000;
const RETRY_MS = 5_000;
/** A claim older than that is not acted upon: the page slept meanwhile. */
const STALE_CLAIM_MS = 60_000;

export interface DurableKeeperOptions {
  /** The database's name. */
  readonly name: string;
  readonly openTimeoutMs: number;
  readonly leaseMs: number;
}

/** Keeps a page's events and sessions in IndexedDB, for all pages of the origin; in memory while that does not work. */
export const durableKeeper =
  ({ name, openTimeoutMs, leaseMs }: DurableKeeperOptions) =>
  (delivery: PageDelivery): PageKeeper => {
    const { options, own, emit, finish, refuse, count } = delivery;
    const { limits: { maxEvents = MAX_EVENTS, maxBytes = MAX_BYTES } = {}, dedupWindowMs = DAY_MS } = options;
    const now = () => performance.now();
    const me = pageEventId(Date.now());
    const database = pageDatabase(name, openTimeoutMs);
    const unsaved = new Set<Entry>();
    /** As they were before they were claimed. */
    const claimed = new Map<string, EventRow>();
    let epoch: string | undefined;
    let hasMore = "indexedDB" in globalThis;
    let isDown = false;
    let downUntil = 0;
    let sweepAt = 0;
    let saving: Promise<unknown> = Promise.resolve();
    let sleeping = new AbortController();

    const isUp = () => now() >= downUntil;

    const use = async <Answer>(work: () => Promise<Answer>): Promise<Answer | undefined> => {
      if (!isUp()) return undefined;
      try {
        const answer = await work();
        // Something within it may have failed meanwhile.
        if (isDown && isUp()) {
          isDown = false;
          emit("durable", {});
        }
        return answer;
      } catch (error) {
        downUntil = now() + RETRY_MS;
        if (!isDown) emit("volatile", { error });
        isDown = true;
        return undefined;
      }
    };

    /** The browser may have thrown the database away: then what this page knows is stored anew. */
    const enter = (found: string) => {
      if (epoch !== undefined && epoch !== found) {
        for (const entry of own.values()) {
          if (entry.epoch === undefined) continue;
          entry.epoch = undefined;
          unsaved.add(entry);
          count(1);
        }
      }
      epoch = found;
    };

    const save = () => {
      saving = saving.then(async () => {
        const fresh = [...unsaved].filter(({ event }) => own.has(event.event_id));
        unsaved.clear();
        if (fresh.length === 0) return;
        const answer = await use(() =>
          database.change(async (rows, totals) => {
            const saved = [];
            for (const entry of fresh) {
              const { event } = entry;
              const known = (await getRow(rows, event.event_id)) ?? (await getLetter(rows, event.event_id));
              const isFull = totals.pending >= maxEvents || totals.bytes + entry.bytes > maxBytes;
              if (known === undefined && !isFull) addRow(rows, totals, eventRow(entry));
              saved.push({
                isRepeat: known !== undefined && isSame(known.event, event),
                isKnown: known !== undefined,
                isFull,
              });
            }
            return { saved, epoch: totals.epoch };
          }),
        );
        if (answer !== undefined) enter(answer.epoch);
        for (const [index, entry] of fresh.entries()) {
          const saved = answer?.saved[index];
          if (saved === undefined) {
            unsaved.add(entry);
            entry.durable.resolve({ ok: false, reason: "volatile" });
            continue;
          }
          count(-1);
          if (saved.isKnown && !saved.isRepeat) refuse(entry, refusal(true));
          else if (saved.isFull && !saved.isKnown) refuse(entry, refusal(false));
          else {
            entry.epoch = epoch;
            entry.durable.resolve({ ok: true, ...(saved.isRepeat && { repeat: true }) });
          }
        }
      });
      return saving;
    };

    const entryOf = (row: EventRow): Entry => Object.assign(newEntry(row.event, row.bytes), row, { epoch });

    const adopt = (rows: readonly EventRow[], found: string) => {
      enter(found);
      for (const row of rows) delivery.add(entryOf(row));
    };

    const sessions = durableSessions({ ...delivery, database, name, me, leaseMs, use, adopt });

    const drainRows = async (token: string | undefined, batchEvents: number) => {
      const begun = Date.now();
      const mine = [...own.values()].filter((entry) => entry.epoch !== undefined);
      const claim = await database.change((rows, totals) =>
        claimRows(rows, totals, {
          now: begun,
          maxEvents: batchEvents,
          maxBytes: PAGE_BATCH.maxBytes,
          sentAfter: begun - dedupWindowMs,
          isSkipped: (event_id) => {
            const entry = own.get(event_id);
            return entry !== undefined && (entry.isOnTheWay === true || entry.later > now());
          },
        }),
      );
      enter(claim.epoch);
      hasMore = claim.waiting.size > claim.claimed.length;
      const gone = mine.filter(
        ({ event, epoch }) => epoch !== undefined && !claim.waiting.has(event.event_id),
      );
      // What other pages took to the relay.
      const letters =
        gone.length === 0
          ? []
          : await database.change((rows) =>
              Promise.all(gone.map(({ event }) => getLetter(rows, event.event_id))),
            );
      for (const [index, entry] of gone.entries())
        if (!entry.isOnTheWay) finish(entry, letters[index] ?? { state: "acknowledged" });
      for (const letter of claim.buried) if (!own.has(letter.event.event_id)) emit("quarantined", letter);
      if (Date.now() - begun > STALE_CLAIM_MS) return;
      const batch = claim.claimed.map((row) => {
        const entry = own.get(row.event.event_id) ?? entryOf(row);
        claimed.set(row.event.event_id, { ...row, sent_at: row.sent_at ?? entry.sent_at });
        return entry;
      });
      await delivery.send(batch, token);
      claimed.clear();
    };

    return {
      get hasMore() {
        return hasMore;
      },
      keep: (entry) => {
        // A page that is online may send it as it leaves, when there is no time to write that down.
        if (globalThis.navigator?.onLine !== false) entry.exposed_at = Date.now();
        unsaved.add(entry);
        void save();
      },
      drain: async (token, batchEvents) => {
        await save();
        const isDone = await use(async () => {
          if (now() >= sweepAt) {
            sweepAt = now() + IDLE_MS;
            await sessions.sweep();
          }
          const { signal } = sleeping;
          await inSlice({ database, name, me, leaseMs, signal }, () => drainRows(token, batchEvents));
          return true;
        });
        return isDone === true;
      },
      mayLeave: ({ exposed_at }) => exposed_at !== undefined || !isUp(),
      settle: async (ended, untouched) => {
        // What is being stored is to be there when its end is.
        await saving;
        for (const entry of untouched) {
          const before = claimed.get(entry.event.event_id);
          if (before === undefined) continue;
          entry.sent_at = before.sent_at;
          // This page knows best whether it sent it.
          if (own.has(entry.event.event_id) && entry.sent_at === undefined) entry.exposed_at = undefined;
        }
        await use(() =>
          database.change(async (rows, totals) => {
            for (const [{ event }, outcome] of ended)
              await endRow(rows, totals, event, letterOf(event, outcome));
            for (const entry of untouched)
              if ((await getRow(rows, entry.event.event_id)) !== undefined) putRow(rows, eventRow(entry));
          }),
        );
      },
      stats: async (volatile) => {
        const sum = { ...emptyAccount(), ...(await use(database.account)) };
        for (const field of ACCOUNT_FIELDS) sum[field] += volatile[field];
        return sum;
      },
      startSession: sessions.start,
      leave: (isSleep) => {
        sessions.touch();
        if (!isSleep) return;
        sleeping.abort();
        sessions.sleep();
        database.sleep();
      },
      wake: () => {
        if (sleeping.signal.aborted) sleeping = new AbortController();
        database.wake();
        sessions.wake();
      },
      close: async () => {
        await save();
        sessions.touch();
        sessions.close();
        sleeping.abort();
        downUntil = Number.POSITIVE_INFINITY;
        database.sleep();
      },
    };
  };

const letterOf = (event: PageEvent, outcome: SettledOutcome): DeadLetter | undefined =>
  outcome.state === "rejected" || outcome.state === "quarantined" ? { ...outcome, event } : undefined;
