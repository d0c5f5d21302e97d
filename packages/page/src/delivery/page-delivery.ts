import { type Catalog, MeterError, type SettledOutcome } from "@meter-lib/core";
import { emptyAccount } from "@meter-lib/core/store";
import type { DestinationFault, Unsure } from "@meter-lib/core/transport";
import {
  Breaker,
  blamed,
  type CountedOutcome,
  type DestinationResult,
  destinationResult,
  isMisfit,
  landing,
  retryDelayMs,
} from "@meter-lib/core/wire";
import { isPrerendered, PAGE_BATCH, pagePost, pageToken } from "@meter-lib/transport-beacon";
import { pageCheck } from "../event/check-page-event.ts";
import { litewaveMeters } from "../event/litewave-meters.ts";
import type { PageMeter } from "../page-meter.ts";
import { MAX_BYTES, MAX_EVENTS, type PageMeterOptions } from "../page-meter-options.ts";
import type { Emit } from "./page-emitter.ts";
import { type Ended, type Entry, NEVER, newEntry } from "./page-entry.ts";
import type { PageOutbox, PageOutboxParts } from "./page-outbox.ts";
import type { PageReceipt } from "./page-receipt.ts";
import { type Due, pickDue } from "./pick-due.ts";
import { refusalOf } from "./refusal-of.ts";
import { timeLimit } from "./time-limit.ts";

/** How often to look for events of other pages. */
export const IDLE_MS = 15_000;
const SHORTEST_PAUSE_MS = 50;
const DRAIN_MS = 10_000;
/** Longer than a long weekend, and as long as a relay remembers ids. */
const WEEK_MS = 604_800_000;
const LEFT_OUT: Unsure = { state: "unsure", reason: "the response does not mention it" };

export interface PageDelivery
  extends Pick<
      PageMeter<Catalog>,
      "stats" | "health" | "list" | "redrive" | "retryNow" | "sendNow" | "flush" | "close"
    >,
    Pick<PageOutboxParts, "check" | "record"> {
  readonly outbox: PageOutbox | undefined;
}

/** Delivers events to the relay until it has a result for each. Everything is sent again, because the relay counts an id once. */
export const pageDelivery = (
  options: PageMeterOptions<Catalog>,
  emit: Emit,
  /** Keeps events beyond this page. */
  keep?: (parts: PageOutboxParts) => PageOutbox,
): PageDelivery => {
  const {
    relayUrl,
    tenant_id,
    subject,
    catalog = litewaveMeters,
    delivery: { lingerMs = 2_000, retryCapMs = 60_000 } = {},
    limits: { maxEvents = MAX_EVENTS, maxBytes = MAX_BYTES } = {},
    timeoutMs = 10_000,
    dedupWindowMs = WEEK_MS,
  } = options;
  const post = pagePost({ ...options, url: relayUrl });
  const token = options.token === undefined ? undefined : pageToken(options.token);
  // Unlike the wall clock, it is never set back.
  const now = () => performance.now();
  const own = new Map<string, Entry>();
  /** Events that no outbox has. */
  const account = emptyAccount();
  let acknowledged = 0;
  let outbox: PageOutbox | undefined;
  let ownBytes = 0;
  /** Events on the way to the relay. */
  let flying = 0;
  let batchEvents = PAGE_BATCH.maxEvents;
  const breaker = new Breaker(1, retryCapMs, Math.random);
  let isRefused = false;
  let closing: ReturnType<PageMeter["close"]> | undefined;
  let due = NEVER;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let draining: Promise<void> | undefined;

  const finish = (entry: Entry, outcome: SettledOutcome) => {
    const { event, bytes, epoch, settled } = entry;
    const { state } = outcome;
    // Not of another event with the same id.
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
    const delay = Math.max(ms, breaker.resumeAt - now());
    if (closing || now() + delay >= due) return;
    due = now() + delay;
    if (!draining) setTimer();
  };

  const setTimer = () => {
    clearTimeout(timer);
    if (due < NEVER) timer = setTimeout(drain, Math.max(0, due - now()));
  };

  const drain = (): Promise<void> => {
    if (draining) return draining;
    due = NEVER;
    draining = drainOnce().finally(() => {
      draining = undefined;
      if (hasWork()) wakeIn(Math.max(lingerMs, SHORTEST_PAUSE_MS));
      else if (outbox) wakeIn(IDLE_MS);
      setTimer();
    });
    return draining;
  };

  const drainOnce = async (): Promise<void> => {
    if (now() < breaker.resumeAt || isPrerendered()) return;
    try {
      const known = await (isRefused ? token?.refresh() : token?.get());
      const send = async ({ batch, stale }: Due) => {
        await settle(stale, []);
        if (batch.length > 0) await dispatch(batch, known, false);
      };
      if (!(await outbox?.drain(pick, send))) await send(pick(own.values()));
    } catch (error) {
      const reason = `no token: ${error}`;
      if (isRefused) pace("blocked", now(), { kind: "blocked", reason });
      else pace("failed", now(), { kind: "unavailable", reason });
    }
  };

  const pick = (entries: Iterable<Entry>) =>
    pickDue(entries, breaker.isProbing ? 1 : batchEvents, Date.now() - dedupWindowMs);

  const settle = async (ended: readonly Ended[], again: readonly Entry[]) => {
    await outbox?.settle(ended, again);
    for (const [entry, fate] of ended) finish(entry, fate);
  };

  const dispatch = async (batch: readonly Entry[], known: string | undefined, isLeaving: boolean) => {
    const startedAt = now();
    const sent_at = Date.now();
    const isAlone = batch.length === 1;
    for (const entry of batch) {
      entry.later = NEVER;
      entry.attempts++;
    }
    flying += batch.length;
    const texts = batch.map(({ text }) => text).join();
    const head = JSON.stringify({ sent_at, token: known, tenant_id, subject }).slice(0, -1);
    const verdict = await post(`${head},"events":[${texts}]}`, {
      signal: timeLimit(timeoutMs),
      isLeaving,
    });
    const ended: Ended[] = [];
    const again: Entry[] = [];
    const outcomes: CountedOutcome[] = [];
    const fault = "kind" in verdict ? blamed(verdict, isAlone, breaker) : undefined;
    for (const entry of batch) {
      const found =
        fault ?? (verdict instanceof Map ? (verdict.get(entry.event.event_id) ?? LEFT_OUT) : verdict);
      if ("state" in found) outcomes.push({ outcome: found, events: 1 });
      // The relay knows what it accepted: what it refuses was not counted before.
      const { fate, inDoubt } = landing("kind" in found ? found.kind : found.state, {
        inDoubt: false,
        mayResend: true,
        isAlone,
      });
      if (inDoubt) entry.sent_at ??= sent_at;
      if (fate === "pending") again.push(entry);
      else if (fate === "acknowledged") ended.push([entry, { duplicate: undefined, ...found, state: fate }]);
      else ended.push([entry, { reason: "", status: undefined, ...found, state: "rejected" }]);
    }
    batchEvents = PAGE_BATCH.maxEvents;
    if (fault === undefined) {
      const result = destinationResult(outcomes, breaker);
      if (result.isAnySettled)
        for (const entry of again)
          entry.later =
            now() + retryDelayMs(entry.attempts, retryCapMs, result.fault.retryAfterMs, Math.random);
      pace(result.state, startedAt, result.fault);
    } else if (isMisfit(fault)) batchEvents = Math.ceil(batch.length / 2);
    else pace(fault.kind === "blocked" ? "blocked" : "failed", startedAt, fault);
    await settle(ended, again);
    for (const entry of batch) if (entry.later === NEVER) entry.later = 0;
    flying -= batch.length;
    if (isBatchFull() || outbox?.hasMore()) wakeIn(0);
  };

  const isBatchFull = () => own.size - flying >= batchEvents;

  const health: PageDelivery["health"] = () => {
    const found = breaker.health((time) => Math.round(Date.now() + time - now()));
    return { ok: found.state === "open", ...found };
  };

  /** Decides from the end of an attempt when the next one may start. */
  const pace = (state: DestinationResult["state"], startedAt: number, fault: DestinationFault) => {
    if (state !== "blocked") isRefused = false;
    else if (fault.credentials && token && !isRefused) {
      // With another token, at once.
      isRefused = true;
      return;
    }
    const change =
      state === "succeeded"
        ? breaker.succeeded()
        : state === "blocked"
          ? breaker.block(fault, now())
          : state && breaker.failed(startedAt, now(), fault);
    if (change) emit(change, health());
  };

  const retryNow = () => {
    breaker.retryNow();
    wakeIn(0);
  };

  const add = (entry: Entry) => {
    own.set(entry.event.event_id, entry);
    ownBytes += entry.bytes;
    wakeIn(isBatchFull() ? 0 : lingerMs);
  };

  const check = pageCheck(catalog, options);

  const record = (input: unknown): PageReceipt => {
    const { error, ...wire } = check(input);
    const { event, bytes } = wire;
    const { event_id } = event;
    const known = own.get(event_id);
    let entry = newEntry(wire);
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
    // A request that starts later may start after the page was suspended for long.
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
      if (!hasWork() || !(now() < until)) return !hasWork();
      await pause(SHORTEST_PAUSE_MS);
    }
  };

  outbox = keep?.({ options, emit, own, check, record, add, count, refuse });
  // Events of earlier pages; there are none on a server that renders the page.
  if (outbox?.hasMore()) wakeIn(0);

  const shut: PageDelivery["close"] = async (drainOptions) => {
    const before = acknowledged;
    await flush(drainOptions);
    clearTimeout(timer);
    await outbox?.close(drainOptions?.erase === true);
    const closed = { acknowledged: acknowledged - before, persisted: 0, lost: 0 };
    for (const entry of own.values()) {
      const state = entry.epoch === undefined || drainOptions?.erase ? "lost" : "persisted";
      closed[state]++;
      finish(entry, { state });
    }
    return closed;
  };

  return {
    outbox,
    check,
    record,
    health,
    list: async () => (await outbox?.letters()) ?? [],
    redrive: async (event_ids) => {
      const count = (await outbox?.redrive(event_ids)) ?? 0;
      if (count > 0) wakeIn(0);
      return count;
    },
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
