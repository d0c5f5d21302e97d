import type { Clock, PageEvent, PageEventResult, UsageEvent } from "@meter-lib/core";
import type { Principal } from "./authenticate.ts";
import { shifted } from "./clock-correction.ts";
import type { ClaimAnswer, ClaimEntry, DedupStore } from "./dedup-store.ts";
import { duplicate, handedOffResult, rejected, retry } from "./event-result.ts";
import { type FirstDecision, readDecision } from "./first-decision.ts";
import type { HandedOff, HandOff } from "./hand-off.ts";
import { type Claimant, holdClaim } from "./hold-claim.ts";
import { type PolicyCheck, scopeIssue, timeIssue } from "./policy.ts";

export interface ClaimedBatchOptions {
  readonly dedup: DedupStore;
  readonly handOff: HandOff;
  readonly policy: PolicyCheck;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
}

/** An event of a request, to be claimed. */
export interface BatchItem {
  readonly event_id: string;
  readonly page: PageEvent;
  readonly mark: number;
  /** See `FirstDecision`. */
  readonly note: string;
}

export const ID_CONFLICT = "event_id: this id was used before for another event";

interface ClaimedEvent extends ClaimEntry {
  readonly event: UsageEvent;
  /** See `ClaimAnswer`. */
  readonly lapsed: boolean;
}

const HELD_RETRY_MS = 1_000;
const POLICY_RETRY_MS = 60_000;

/** Events of one request under one claim: claim → policy → hand-off → confirm or release. */
export class ClaimedBatch {
  readonly results = new Map<string, PageEventResult>();

  readonly #principal: Principal;
  readonly #claimant: Claimant;
  readonly #options: ClaimedBatchOptions;
  readonly #taken: ClaimEntry[] = [];
  readonly #turnedAway: string[] = [];

  constructor(principal: Principal, owner: string, options: ClaimedBatchOptions) {
    this.#principal = principal;
    this.#claimant = { ...options, tenant_id: principal.tenant_id, owner };
    this.#options = options;
  }

  async take(items: readonly BatchItem[], now: number): Promise<void> {
    const { dedup, leaseMs } = this.#options;
    const { tenant_id, owner } = this.#claimant;
    const entries = items.map(({ event_id, note }) => ({ event_id, note }));
    const answers = await dedup.claim({ tenant_id, owner, now, leaseMs, entries });
    const claimed: ClaimedEvent[] = [];
    for (const [index, item] of items.entries()) {
      const answer = answers[index];
      if (answer === undefined) throw new TypeError(`the dedup store ${dedup.name} left out an answer`);
      const event = await this.#claimedEvent(item, answer, now);
      if (event !== undefined) claimed.push(event);
    }
    await this.#handOff(claimed);
    await this.#close();
  }

  /** The event to hand off; undefined when its fate is known without. */
  async #claimedEvent(
    { event_id, page, mark }: BatchItem,
    answer: ClaimAnswer,
    now: number,
  ): Promise<ClaimedEvent | undefined> {
    const decision = readDecision(answer.note);
    if (decision.mark !== mark) return this.#settle(rejected(event_id, ID_CONFLICT));
    if (answer.state === "confirmed") return this.#settle(duplicate(event_id));
    if (answer.state === "held") {
      const waitMs = Math.min(answer.until - now, HELD_RETRY_MS);
      return this.#settle(retry(event_id, "another request is taking it", waitMs));
    }
    const { lapsed, note } = answer;
    const event = shifted(page, decision.shiftMs);
    const refusal = await this.#refusal(event, now);
    if (refusal !== undefined) {
      if (!lapsed) this.#turnedAway.push(event_id);
      return this.#settle(refusal);
    }
    return { event_id, note, lapsed, event: toUsageEvent(event, this.#principal.tenant_id, decision) };
  }

  async #refusal(event: PageEvent, now: number): Promise<PageEventResult | undefined> {
    const { event_id, meter_id } = event;
    try {
      const reason =
        scopeIssue(meter_id, this.#principal) ??
        timeIssue(event) ??
        (await this.#options.policy(event, this.#principal, now));
      return reason === undefined ? undefined : rejected(event_id, reason);
    } catch (error) {
      this.#options.onError(error);
      return retry(event_id, "it could not be judged", POLICY_RETRY_MS);
    }
  }

  async #handOff(claimed: readonly ClaimedEvent[]): Promise<void> {
    if (claimed.length === 0) return;
    const outcomes = await this.#options.handOff(claimed);
    for (const [index, { event_id, note, lapsed }] of claimed.entries()) {
      const outcome: HandedOff = outcomes[index] ?? { state: "unsure", reason: "no answer" };
      this.#settle(handedOffResult(event_id, outcome, this.#options.leaseMs));
      if (outcome.state === "taken") this.#taken.push({ event_id, note });
      // After a lapse only this attempt is certain: the identity and its note are kept.
      if ((outcome.state === "rejected" || outcome.state === "refused") && !lapsed)
        this.#turnedAway.push(event_id);
      if (outcome.state === "unsure" && outcome.later !== undefined)
        holdClaim(this.#claimant, { event_id, note }, outcome.later);
    }
  }

  /** A failure changes no answer: a claim that stays open lapses, and its event is then handed off as it was. */
  async #close(): Promise<void> {
    const { dedup, clock, onError } = this.#options;
    const { tenant_id, owner } = this.#claimant;
    try {
      if (this.#taken.length > 0) await dedup.confirm({ tenant_id, now: clock.now(), entries: this.#taken });
      if (this.#turnedAway.length > 0) await dedup.release({ tenant_id, owner, event_ids: this.#turnedAway });
    } catch (error) {
      onError(error);
    }
  }

  #settle(result: PageEventResult): undefined {
    this.results.set(result.event_id, result);
  }
}

const toUsageEvent = (page: PageEvent, tenant_id: string, { device_id }: FirstDecision): UsageEvent => ({
  event_id: page.event_id,
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
  session_id: page.session_id,
});
