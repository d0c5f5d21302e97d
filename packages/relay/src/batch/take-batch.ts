import { createEventId, type UsageEvent } from "@meter-lib/core";
import type { Promisable } from "@meter-lib/core/transport";
import type { PageEvent, PageEventResult } from "@meter-lib/core/wire";
import type { Principal } from "../access/authenticate.ts";
import type { ClaimAnswer } from "../dedup/dedup-store.ts";
import type { HandedOff, HandOff } from "../hand-off/hand-off.ts";
import { BEING_TAKEN, ID_CONFLICT, UNDECIDED } from "../hand-off/page-reason.ts";
import { type Deadline, LATE } from "../request/deadline.ts";
import { parseEvent, type ReceivedBatch } from "../request/relay-wire.ts";
import { BatchClaim, type BatchClaimOptions, type Claimable, type ClaimEnd } from "./batch-claim.ts";
import { clockShift, shifted } from "./clock-correction.ts";
import { duplicate, handedOffResult, rejected, retry } from "./event-result.ts";
import { type BatchDecision, decisionWriter, pageMark, readDecision } from "./first-decision.ts";
import { type JudgeEvent, notJudged, type Verdict } from "./judge-event.ts";
import { type PageNamespace, pageNamespace } from "./page-namespace.ts";

export interface TakeBatchOptions extends BatchClaimOptions {
  readonly handOff: HandOff;
  readonly judge: JudgeEvent;
  readonly clockThresholdMs: number;
}

/** An event of a request, before it is claimed. */
interface Item extends Claimable {
  /** Position in the batch. */
  readonly index: number;
  readonly page: PageEvent;
}

/** A claimed event. */
interface ClaimedItem {
  readonly index: number;
  /** The event, with times by the relay's clock. */
  readonly page: PageEvent;
  readonly device_id: string;
  /** See `ClaimAnswer`. */
  readonly lapsed: boolean;
}

const HELD_RETRY_MS = 1_000;
const ELSEWHERE_RETRY_MS = 30_000;
const UNSURE: HandedOff = { state: "unsure", reason: UNDECIDED };

/**
 * Processes the events of one request: claims, judges, hands on and settles them together. Resolves with the result of each event, in
 * order. Rejects if the dedup store does; no event was then accepted.
 */
export const takeBatch = async (
  batch: ReceivedBatch,
  principal: Principal,
  now: number,
  deadline: Deadline,
  options: TakeBatchOptions,
): Promise<readonly PageEventResult[]> => {
  const taking = new BatchTaking(principal, now, deadline, options);
  await taking.take(batch);
  return taking.results();
};

class BatchTaking {
  readonly #principal: Principal;
  readonly #now: number;
  readonly #deadline: Deadline;
  readonly #options: TakeBatchOptions;
  readonly #claim: BatchClaim;
  readonly #results: PageEventResult[] = [];
  /** Where the first of two equal events in the batch stands, by where the second does. */
  readonly #repeats = new Map<number, number>();
  /** Messages of errors already reported to `onError`. */
  readonly #told = new Set<string>();

  constructor(principal: Principal, now: number, deadline: Deadline, options: TakeBatchOptions) {
    this.#principal = principal;
    this.#now = now;
    this.#deadline = deadline;
    this.#options = options;
    this.#claim = new BatchClaim(principal.tenant_id, createEventId(now), options);
  }

  async take(batch: ReceivedBatch): Promise<void> {
    const shiftMs = clockShift(this.#now, batch.sent_at, this.#options.clockThresholdMs);
    const decision = { shiftMs, device_id: this.#principal.device_id };
    const items = this.#readItems(batch, decision);
    if (items.length === 0) return;
    const answers = await this.#claim.take(items, this.#deadline);
    try {
      const allowed = await this.#allowed(this.#claimed(items, answers, decision));
      await this.#handOff(allowed);
    } catch (error) {
      this.#claim.abandon();
      throw error;
    }
    await this.#deadline.within(this.#claim.settle());
  }

  results(): readonly PageEventResult[] {
    for (const [second, first] of this.#repeats) {
      const result = this.#results[first];
      if (result !== undefined)
        this.#results[second] = result.state === "accepted" ? duplicate(result.event_id) : result;
    }
    return this.#results;
  }

  /** The distinct, well-formed events of the batch. */
  #readItems({ events }: ReceivedBatch, decision: BatchDecision): readonly Item[] {
    const { atWork } = this.#options;
    const noteOf = decisionWriter(decision);
    const items = new Map<string, Item>();
    for (const [index, value] of events.entries()) {
      const received = parseEvent(value);
      if (!received.ok) {
        this.#results[index] = rejected(received.event_id, received.reason);
        continue;
      }
      const { event: page } = received;
      const { event_id } = page;
      const mark = pageMark(page);
      const first = items.get(event_id);
      const working = atWork.markOf(this.#principal.tenant_id, event_id);
      if (working !== undefined)
        this.#results[index] =
          working === mark ? retry(event_id, BEING_TAKEN, HELD_RETRY_MS) : rejected(event_id, ID_CONFLICT);
      else if (first === undefined)
        items.set(event_id, { index, page, mark, entry: { event_id, note: noteOf(mark) } });
      else if (first.mark === mark) this.#repeats.set(index, first.index);
      else this.#results[index] = rejected(event_id, ID_CONFLICT);
    }
    return [...items.values()];
  }

  /** Returns the events that this request must hand on, and sets the results of the others. */
  #claimed(
    items: readonly Item[],
    answers: readonly ClaimAnswer[],
    own: BatchDecision,
  ): readonly ClaimedItem[] {
    const claimed: ClaimedItem[] = [];
    for (const [position, { index, page, mark, entry }] of items.entries()) {
      const { event_id, note } = entry;
      const answer = answers[position];
      if (answer === undefined) continue;
      const first = answer.note === note ? undefined : readDecision(answer.note);
      if (first !== undefined && first.mark !== mark) {
        this.#results[index] = rejected(event_id, ID_CONFLICT);
        this.#claim.end(event_id, "lapse");
      } else if (answer.state === "confirmed") {
        this.#results[index] = duplicate(event_id);
      } else if (answer.state === "held") {
        this.#results[index] = this.#held(event_id, answer.until, answer.holder);
      } else {
        const { shiftMs, device_id } = first ?? own;
        claimed.push({ index, page: shifted(page, shiftMs), device_id, lapsed: answer.lapsed });
      }
    }
    return claimed;
  }

  #held(event_id: string, until: number, holder: string): PageEventResult {
    if (until > this.#now) {
      const waitMs = Math.min(until - this.#now, HELD_RETRY_MS);
      return retry(event_id, BEING_TAKEN, waitMs);
    }
    this.#tell(
      new Error(
        `events of ${this.#principal.tenant_id} wait for the relay with the outbox "${holder}", which ended before it said whether it has them: start it again`,
      ),
    );
    return retry(event_id, "another relay took it first, and is waited for", ELSEWHERE_RETRY_MS);
  }

  /** Returns the events that this page may report. */
  async #allowed(claimed: readonly ClaimedItem[]): Promise<readonly ClaimedItem[]> {
    const verdicts = await this.#judge(claimed);
    return claimed.filter(({ index, page: { event_id }, lapsed }, position) => {
      const verdict = verdicts[position];
      if (verdict === undefined) return true;
      this.#results[index] = verdict;
      this.#claim.end(event_id, lapsed ? "lapse" : "release");
      return false;
    });
  }

  async #judge(claimed: readonly ClaimedItem[]): Promise<readonly Verdict[]> {
    const verdicts = claimed.map(({ page }) => this.#options.judge(page, this.#principal, this.#now));
    // No promises where the policy gives none.
    if (verdicts.every(isKnown)) return verdicts;
    return Promise.all(
      verdicts.map(async (verdict, position): Promise<Verdict> => {
        if (isKnown(verdict)) return verdict;
        const known = await this.#deadline.within(verdict);
        if (known !== LATE) return known;
        this.#tell(new Error("the policy did not answer in time"));
        return notJudged(claimed[position]?.page.event_id ?? "");
      }),
    );
  }

  async #handOff(items: readonly ClaimedItem[]): Promise<void> {
    if (items.length === 0) return;
    const { handOff, leaseMs } = this.#options;
    const { tenant_id } = this.#principal;
    const namespace = await pageNamespace(tenant_id);
    const events = items.map(({ page, device_id, lapsed }) => ({
      event: toUsageEvent(page, { tenant_id, device_id, namespace }),
      lapsed,
    }));
    let outcomes: readonly HandedOff[] = [];
    try {
      outcomes = await handOff(events, this.#deadline);
    } catch (error) {
      this.#tell(error);
    }
    for (const [position, item] of items.entries()) {
      const outcome = outcomes[position] ?? UNSURE;
      this.#results[item.index] = handedOffResult(item.page.event_id, outcome, leaseMs);
      this.#end(item, outcome);
    }
  }

  #end(item: ClaimedItem, outcome: HandedOff): void {
    if ("error" in outcome && outcome.error !== undefined) this.#tell(outcome.error);
    if (outcome.state === "unsure" && outcome.later !== undefined) {
      void this.#follow(item, outcome.later);
      return;
    }
    const end = CLAIM_ENDS[outcome.state];
    // After a lapse only this attempt is certain: the identity and its note are kept.
    this.#claim.end(item.page.event_id, end === "release" && item.lapsed ? "lapse" : end);
  }

  /** Holds the claim until the event's outcome is known, even after the page has its response. */
  async #follow(item: ClaimedItem, later: Promise<HandedOff>): Promise<void> {
    try {
      this.#end(item, await later);
    } catch (error) {
      this.#tell(error);
      this.#end(item, UNSURE);
    }
    await this.#claim.settle();
  }

  /** Reports each message once, because a failure usually affects all events of a batch. */
  #tell(error: unknown): void {
    const message = String(error);
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#options.onError(error);
  }
}

const CLAIM_ENDS: Readonly<Record<HandedOff["state"], ClaimEnd>> = {
  taken: "confirm",
  kept: "confirm",
  rejected: "release",
  refused: "release",
  quarantined: "lapse",
  unsure: "lapse",
};

const isKnown = (verdict: Promisable<Verdict>): verdict is Verdict =>
  verdict === undefined || !("then" in verdict);

const toUsageEvent = (
  page: PageEvent,
  { tenant_id, device_id, namespace }: { tenant_id: string; device_id: string; namespace: PageNamespace },
): UsageEvent => ({
  event_id: namespace + page.event_id,
  tenant_id,
  device_id,
  meter_id: page.meter_id,
  // By what it carries; the client knows the meter.
  type: page.total_usage === undefined ? "performance" : "volume",
  event_time: page.event_time,
  total_usage: page.total_usage,
  start_time: page.start_time,
  end_time: page.end_time,
  metadata: page.metadata,
  session_id: page.session_id === undefined ? undefined : namespace + page.session_id,
});
