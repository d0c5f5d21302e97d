import { type Catalog, MeterError, type SettledOutcome } from "@meter-lib/core";
import { emptyAccount } from "@meter-lib/core/store";
import type { DestinationFault, Rejected, Unsure } from "@meter-lib/core/transport";
import { backoffMs, retryAfterFloorMs } from "@meter-lib/core/wire";
import { isPrerendered, PAGE_BATCH, pagePost, pageToken } from "@meter-lib/transport-beacon";
import { checkPageEvent } from "./check-page-event.ts";
import { litewaveMeters } from "./litewave-meters.ts";
import type { Emit } from "./page-emitter.ts";
import { type Ended, type Entry, NEVER, newEntry } from "./page-entry.ts";
import type { PageMeter } from "./page-meter.ts";
import { MAX_BYTES, MAX_EVENTS, type PageMeterOptions } from "./page-meter-options.ts";
import type { PageOutbox, PageOutboxParts } from "./page-outbox.ts";
import type { PageReceipt } from "./page-receipt.ts";
import { type Due, pickDue } from "./pick-due.ts";
import { refusalOf } from "./refusal-of.ts";

/** How often to look for what other pages left. */
export const IDLE_MS = 15_000;
const SHORTEST_PAUSE_MS = 50;
const DRAIN_MS = 10_000;
const DAY_MS = 86_400_000;
const TOO_LARGE: Rejected = { state: "rejected", reason: "too large" };
const LEFT_OUT: Unsure = { state: "unsure", reason: "the answer leaves it out" };

export interface PageDelivery
  extends Pick<PageMeter<Catalog>, "stats" | "retryNow" | "sendNow" | "flush" | "close">,
    Pick<PageOutboxParts, "check" | "record"> {
  readonly outbox: PageOutbox | undefined;
}

/** Takes events to the relay, until it has answered each one. Everything is sent again, because the relay counts an id once. */
export const pageDelivery = (
  options: PageMeterOptions<Catalog>,
  emit: Emit,
  /** Keeps events beyond this page. */
  keep?: (parts: PageOutboxParts) => PageOutbox,
): PageDelivery => {
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
  /** Events that no outbox has. */
  const account = emptyAccount();
  let acknowledged = 0;
  let outbox: PageOutbox | undefined;
  let ownBytes = 0;
  let batchEvents = PAGE_BATCH.maxEvents;
  let failures = 0;
  let notBefore = 0;
  let isRefused = false;
  let isBlocked = false;
  let closing: ReturnType<PageMeter["close"]> | undefined;
  let due = NEVER;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let draining: Promise<void> | undefined;

  const finish = (entry: Entry, outcome: SettledOutcome) => {
    const { event, bytes, epoch, settled } = entry;
    const { state } = outcome;
    // Not of another one with the same id.
    if (own.get(event.event_id) === entry) {
      own.delete(event.event_id);
      ownBytes -= bytes;
    }
    if (state === "acknowledged") acknowledged++;
    if (epoch === undefined && state !== "refused" && state !== "persisted") {
      account.pending--;
      account[state]++;
    }
    settled.resolve(outcome);
    emit(state, { event, ...outcome });
  };

  const refuse = (entry: Entry, error: MeterError) => {
    entry.durable.resolve({ ok: false, reason: "refused", error });
    finish(entry, { state: "refused", error });
  };

  const count = (by: number) => {
    account.recorded += by;
    account.pending += by;
  };

  const hasWork = () => own.size > 0 || outbox?.hasMore() === true;

  const wakeIn = (ms: number) => {
    const delay = Math.max(ms, notBefore - now());
    if (closing || now() + delay >= due) return;
    clearTimeout(timer);
    due = now() + delay;
    timer = setTimeout(drain, delay);
  };

  const drain = (): Promise<void> => {
    due = NEVER;
    draining ??= drainOnce().finally(() => {
      draining = undefined;
      if (hasWork()) wakeIn(Math.max(lingerMs, SHORTEST_PAUSE_MS));
      else if (outbox) wakeIn(IDLE_MS);
    });
    return draining;
  };

  const drainOnce = async (): Promise<void> => {
    if (now() < notBefore || isPrerendered()) return;
    try {
      const known = await (isRefused ? token?.refresh() : token?.get());
      const send = async ({ batch, stale }: Due) => {
        await settle(stale, []);
        if (batch.length > 0) await dispatch(batch, known, false);
      };
      if (!(await outbox?.drain(pick, send))) await send(pick(own.values()));
    } catch (error) {
      pace({ kind: isRefused ? "blocked" : "unavailable", reason: `no token: ${error}` });
    }
  };

  const pick = (entries: Iterable<Entry>) => pickDue(entries, batchEvents, Date.now() - dedupWindowMs);

  const settle = async (ended: readonly Ended[], untouched: readonly Entry[]) => {
    await outbox?.settle(ended, untouched);
    for (const [entry, fate] of ended) finish(entry, fate);
  };

  const dispatch = async (batch: readonly Entry[], known: string | undefined, isLeaving: boolean) => {
    const sent_at = Date.now();
    for (const entry of batch) entry.later = NEVER;
    const events = batch.map((entry) => entry.event);
    const verdict = await post(JSON.stringify({ sent_at, token: known, events }), {
      signal: AbortSignal.timeout(timeoutMs),
      isLeaving,
    });
    const ended: Ended[] = [];
    let failure: DestinationFault | Unsure | undefined;
    const isUntouched = "kind" in verdict;
    const isTooLarge = isUntouched && verdict.kind === "too_large";
    for (const entry of batch) {
      const answer = verdict instanceof Map ? verdict.get(entry.event.event_id) : verdict;
      const outcome = isTooLarge && batch.length === 1 ? TOO_LARGE : (answer ?? LEFT_OUT);
      if (!isUntouched) entry.sent_at ??= sent_at;
      if ("kind" in outcome || outcome.state === "unsure") failure = outcome;
      else if (outcome.state === "retry")
        entry.later = now() + retryAfterFloorMs(outcome.retryAfterMs ?? 1, Math.random);
      else {
        const fate = { status: undefined, ...outcome };
        ended.push([entry, fate]);
      }
    }
    batchEvents = isTooLarge ? Math.ceil(batch.length / 2) : PAGE_BATCH.maxEvents;
    pace(failure);
    await settle(ended, isUntouched ? batch : []);
    for (const entry of batch) if (entry.later === NEVER) entry.later = 0;
    if (hasWork()) wakeIn(0);
  };

  /** How an attempt ended says when the next one may be. */
  const pace = (failure: DestinationFault | Unsure | undefined) => {
    if (failure === undefined) {
      failures = notBefore = 0;
      if (isBlocked) emit("unblocked", {});
      isBlocked = isRefused = false;
      return;
    }
    const isStuck = "kind" in failure && failure.kind === "blocked";
    // With another token at once.
    if (isStuck && failure.credentials && token && !isRefused) {
      isRefused = true;
      return;
    }
    if (isStuck && !isBlocked) emit("blocked", failure);
    isBlocked ||= isStuck;
    const waitMs = isStuck ? retryCapMs : backoffMs(++failures, retryCapMs, Math.random);
    notBefore = now() + Math.max(waitMs, retryAfterFloorMs(failure.retryAfterMs, Math.random));
  };

  const retryNow = () => {
    notBefore = 0;
    wakeIn(0);
  };

  const add = (entry: Entry) => {
    own.set(entry.event.event_id, entry);
    ownBytes += entry.bytes;
    wakeIn(own.size < batchEvents ? lingerMs : 0);
  };

  const check = (input: unknown) => checkPageEvent(input, catalog, options);

  const record = (input: unknown): PageReceipt => {
    const { event, bytes, error } = check(input);
    const { event_id } = event;
    const known = own.get(event_id);
    let entry = newEntry(event, bytes);
    const refusal =
      error ??
      (closing && new MeterError("closed", "the client is closed")) ??
      refusalOf(
        event,
        known,
        own.size >= maxEvents || ownBytes + bytes > maxBytes || outbox?.isFull(bytes) === true,
      );
    if (refusal) refuse(entry, refusal);
    else if (known) entry = known;
    else {
      count(1);
      add(entry);
      if (outbox) outbox.keep(entry);
      else entry.durable.resolve({ ok: false, reason: "volatile" });
    }
    return { event_id, durable: entry.durable.promise, settled: entry.settled.promise };
  };

  const sendNow = () => {
    const known = token?.get();
    // A request that starts later may start after a long sleep.
    if (typeof known === "object") return;
    const sent: Entry[] = [];
    for (;;) {
      const { batch } = pick(own.values());
      if (batch.length === 0) break;
      sent.push(...batch);
      void dispatch(batch, known, true);
    }
    if (sent.length > 0) outbox?.leaving(sent);
  };

  const flush: PageDelivery["flush"] = async ({ timeoutMs = DRAIN_MS } = {}) => {
    const until = now() + timeoutMs;
    const pause = (pauseMs: number) => new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
    for (;;) {
      await Promise.race([drain(), pause(Math.max(0, until - now()))]);
      if (!hasWork() || now() >= until) return !hasWork();
      await pause(SHORTEST_PAUSE_MS);
    }
  };

  outbox = keep?.({ options, emit, own, check, record, add, count, refuse });
  // What earlier pages left; where a page is rendered on a server there is nothing to be done.
  if (outbox?.hasMore()) wakeIn(0);

  const shut: PageDelivery["close"] = async (drainOptions) => {
    const before = acknowledged;
    await flush(drainOptions);
    clearTimeout(timer);
    await outbox?.close();
    const closed = { acknowledged: acknowledged - before, persisted: 0, lost: 0 };
    for (const entry of own.values()) {
      const state = entry.epoch === undefined ? "lost" : "persisted";
      closed[state]++;
      finish(entry, { state });
    }
    return closed;
  };

  return {
    outbox,
    check,
    record,
    retryNow,
    sendNow,
    flush,
    stats: async () => outbox?.stats(account) ?? { ...account },
    close: (drainOptions) => {
      closing ??= shut(drainOptions);
      return closing;
    },
  };
};
