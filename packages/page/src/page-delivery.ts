import {
  type Account,
  backoffMs,
  type Catalog,
  type Closing,
  type DestinationFault,
  emptyAccount,
  MeterError,
  type Receipt,
  retryAfterFloorMs,
  type SettledOutcome,
  type Unsure,
} from "@meter-lib/core";
import { isPrerendered, PAGE_BATCH, pagePost, pageToken } from "@meter-lib/transport-beacon";
import { type CheckedEvent, checkPageEvent } from "./check-page-event.ts";
import { litewaveMeters } from "./litewave-meters.ts";
import type { Emit } from "./page-emitter.ts";
import { type Entry, isSame, isStale, newEntry } from "./page-entry.ts";
import type { PageKeeper } from "./page-keeper.ts";
import type { PageMeterOptions } from "./page-meter-options.ts";

/** How often to look for what other pages left. */
const IDLE_MS = 15_000;
const SHORTEST_PAUSE_MS = 50;
export const DAY_MS = 86_400_000;
/** What may wait, unless told otherwise. */
export const MAX_EVENTS = 10_000;
export const MAX_BYTES = 4 * 1024 * 1024;

export interface PageDelivery {
  readonly options: PageMeterOptions<Catalog>;
  readonly emit: Emit;
  /** What this page recorded and has not seen settled, by event id. */
  readonly own: Map<string, Entry>;
  check(input: unknown): CheckedEvent;
  record(input: unknown): Receipt;
  /** Takes an event up. */
  add(entry: Entry): void;
  /** Counts an event in, or out: the keeper has it. */
  count(by: 1 | -1): void;
  finish(entry: Entry, outcome: SettledOutcome): void;
  refuse(entry: Entry, error: MeterError): void;
  /** Sends what is due, in one batch at most. The request starts before this returns. */
  send(entries: Iterable<Entry>, token: string | undefined): Promise<unknown>;
  sendNow(): void;
  retryNow(): void;
  flush(ms: number): Promise<boolean>;
  close(ms: number): Promise<Closing>;
  stats(): Promise<Account>;
}

/** Takes events to the relay, until it has answered each one. Everything is sent again, because the relay counts an id once. */
export const pageDelivery = (
  options: PageMeterOptions<Catalog>,
  emit: Emit,
  /** Keeps events beyond this page. */
  keep?: (delivery: PageDelivery) => PageKeeper,
): PageDelivery & { readonly keeper: PageKeeper | undefined } => {
  const {
    relayUrl,
    catalog = litewaveMeters,
    delivery: { lingerMs = 2_000, retryCapMs = 60_000 } = {},
    limits: { maxEvents = MAX_EVENTS, maxBytes = MAX_BYTES } = {},
    timeoutMs = 10_000,
    dedupWindowMs = DAY_MS,
  } = options;
  const post = pagePost({ ...options, url: relayUrl });
  const token = options.token === undefined ? undefined : pageToken(options.token);
  // Unlike the time of day it is not set back.
  const now = () => performance.now();
  const own = new Map<string, Entry>();
  /** Events that no keeper has. */
  const tally = emptyAccount();
  let keeper: PageKeeper | undefined;
  let ownBytes = 0;
  let acknowledged = 0;
  let batchEvents = PAGE_BATCH.maxEvents;
  let failures = 0;
  let notBefore = 0;
  let isRefreshed = false;
  let isBlocked = false;
  let isClosed = false;
  let due = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let draining: Promise<void> | undefined;

  const finish = (entry: Entry, outcome: SettledOutcome) => {
    const { event, epoch } = entry;
    const { state } = outcome;
    // Not of another one with the same id.
    if (own.get(event.event_id) === entry) {
      own.delete(event.event_id);
      ownBytes -= entry.bytes;
    }
    if (state === "acknowledged") acknowledged++;
    if (epoch === undefined && state !== "refused" && state !== "persisted") {
      tally.pending--;
      tally[state]++;
    }
    entry.settled.resolve(outcome);
    emit(state, { event, ...outcome });
  };

  const refuse = (entry: Entry, error: MeterError) => {
    entry.durable.resolve({ ok: false, reason: "refused", error });
    finish(entry, { state: "refused", error });
  };

  const count = (by: number) => {
    tally.recorded += by;
    tally.pending += by;
  };

  const hasWork = () => own.size > 0 || keeper?.hasMore === true;

  const wake = (at: number) => {
    const time = Math.max(at, notBefore, now());
    if (isClosed || (due > 0 && time >= due)) return;
    clearTimeout(timer);
    due = time;
    timer = setTimeout(drain, time - now());
  };

  const drain = (): Promise<void> => {
    due = 0;
    draining ??= drainOnce().finally(() => {
      draining = undefined;
      if (hasWork() || keeper) wake(now() + (hasWork() ? Math.max(lingerMs, SHORTEST_PAUSE_MS) : IDLE_MS));
    });
    return draining;
  };

  const drainOnce = async (): Promise<void> => {
    if (now() < notBefore || isPrerendered()) return;
    try {
      const known = await token?.get();
      if (!(await keeper?.drain(known, batchEvents))) await send(own.values(), known);
    } catch (error) {
      fail({ kind: "unavailable", reason: `no token: ${error}` });
    }
  };

  /** What is due, as much as goes into one batch. */
  const pick = (entries: Iterable<Entry>) => {
    const batch: Entry[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (entry.isOnTheWay || entry.later > now()) continue;
      if (isStale(entry, Date.now() - dedupWindowMs))
        finish(entry, { state: "quarantined", reason: STALE, status: undefined });
      else if (
        batch.length === 0 ||
        (batch.length < batchEvents && bytes + entry.bytes < PAGE_BATCH.maxBytes)
      ) {
        bytes += entry.bytes;
        batch.push(entry);
      }
    }
    return batch;
  };

  const send: PageDelivery["send"] = async (entries, known) => {
    const batch = pick(entries);
    if (batch.length > 0) await dispatch(batch, known, false);
  };

  const dispatch = async (batch: readonly Entry[], known: string | undefined, isLeaving: boolean) => {
    const sent_at = Date.now();
    const events = batch.map((entry) => {
      entry.isOnTheWay = true;
      entry.sent_at ??= sent_at;
      return entry.event;
    });
    const verdict = await post(JSON.stringify({ sent_at, token: known, events }), {
      signal: AbortSignal.timeout(timeoutMs),
      isLeaving,
    });
    const ended: [Entry, SettledOutcome][] = [];
    let failure = verdict instanceof Map ? undefined : verdict;
    const isTooLarge = failure !== undefined && "kind" in failure && failure.kind === "too_large";
    for (const entry of batch) {
      const outcome = verdict instanceof Map ? verdict.get(entry.event.event_id) : undefined;
      if (outcome?.state === "acknowledged") ended.push([entry, outcome]);
      else if (outcome?.state === "rejected" || (isTooLarge && batch.length === 1)) {
        const { reason = "too large", status } = outcome ?? {};
        ended.push([entry, { state: "rejected", reason, status }]);
      } else if (outcome?.state === "retry") {
        entry.later = now() + retryAfterFloorMs(outcome.retryAfterMs ?? 1, Math.random);
      } else failure ??= { state: "unsure", reason: "the answer leaves it out" };
    }
    batchEvents = isTooLarge ? Math.ceil(batch.length / 2) : PAGE_BATCH.maxEvents;
    if (failure !== undefined) fail(failure);
    else {
      failures = notBefore = 0;
      isRefreshed = false;
      if (isBlocked) emit("unblocked", {});
      isBlocked = false;
    }
    await keeper?.settle(ended, "kind" in verdict ? batch : []);
    for (const entry of batch) entry.isOnTheWay = false;
    for (const [entry, outcome] of ended) finish(entry, outcome);
    if (hasWork()) wake(0);
  };

  const fail = (failure: DestinationFault | Unsure) => {
    const isStuck = "kind" in failure && failure.kind === "blocked";
    const block = () => {
      if (!isBlocked) emit("blocked", failure);
      isBlocked = true;
    };
    const waitMs = isStuck ? retryCapMs : backoffMs(++failures, retryCapMs, Math.random);
    notBefore = now() + Math.max(waitMs, retryAfterFloorMs(failure.retryAfterMs, Math.random));
    if (isStuck && failure.credentials && token) {
      token.refresh().then(isRefreshed ? block : retryNow, block);
      isRefreshed = true;
    } else if (isStuck) block();
  };

  const retryNow = () => {
    notBefore = 0;
    wake(0);
  };

  const add = (entry: Entry) => {
    own.set(entry.event.event_id, entry);
    ownBytes += entry.bytes;
    wake(now() + (own.size < batchEvents ? lingerMs : 0));
  };

  const delivery: PageDelivery = {
    options,
    emit,
    own,
    add,
    count,
    finish,
    refuse,
    send,
    retryNow,
    check: (input) => checkPageEvent(input, catalog, options),
    record: (input) => {
      const { event, bytes, error } = delivery.check(input);
      let entry = newEntry(event, bytes);
      const known = own.get(event.event_id);
      const isFull = own.size >= maxEvents || ownBytes + bytes > maxBytes;
      if (error) refuse(entry, error);
      else if (isClosed) refuse(entry, new MeterError("closed", "the client is closed"));
      else if (known && isSame(known.event, event)) entry = known;
      else if (known || isFull) refuse(entry, refusal(known !== undefined));
      else {
        count(1);
        if (keeper) keeper.keep(entry);
        else entry.durable.resolve({ ok: false, reason: "volatile" });
        add(entry);
      }
      return { event_id: event.event_id, durable: entry.durable.promise, settled: entry.settled.promise };
    },
    sendNow: () => {
      const known = token?.get();
      // A request that starts later may start after a long sleep.
      if (typeof known === "object") return;
      for (;;) {
        const batch = pick([...own.values()].filter((entry) => keeper?.mayLeave(entry) !== false));
        if (batch.length === 0) return;
        void dispatch(batch, known, true);
      }
    },
    flush: async (ms) => {
      const until = now() + ms;
      const pause = (pauseMs: number) => new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
      for (;;) {
        await Promise.race([drain(), pause(until - now())]);
        if (!hasWork()) return true;
        if (now() >= until) return false;
        await pause(SHORTEST_PAUSE_MS);
      }
    },
    close: async (ms) => {
      const before = acknowledged;
      isClosed = true;
      await delivery.flush(ms);
      clearTimeout(timer);
      await keeper?.close();
      const closing = { acknowledged: acknowledged - before, persisted: 0, lost: 0 };
      for (const entry of own.values()) {
        const state = entry.epoch === undefined ? "lost" : "persisted";
        closing[state]++;
        finish(entry, { state });
      }
      return closing;
    },
    stats: async () => keeper?.stats(tally) ?? { ...tally },
  };
  keeper = keep?.(delivery);
  // What earlier pages left; where a page is rendered on a server there is nothing to be done.
  if (keeper?.hasMore) wake(0);
  return { ...delivery, keeper };
};

/** Why an event is quarantined. */
export const STALE = "it may have been counted too long ago for the relay to know";

/** Of an event whose id is known with other content, or that finds no room. */
export const refusal = (isKnown: boolean): MeterError =>
  isKnown
    ? new MeterError("id_conflict", "event_id: recorded before with other content")
    : new MeterError("no_room", "too many events wait");
