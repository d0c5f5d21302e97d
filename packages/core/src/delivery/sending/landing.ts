import type { DestinationFault, SendAnswer, Transport } from "../../strategies/transport.ts";
import type { NextCommit } from "../commits/next-commit.ts";
import type { Settlement } from "../receipts/receipt.ts";
import type { DeliveryEmitter } from "../reports/delivery-events.ts";
import type { DestinationChange } from "../rules/retry.ts";
import { Slice } from "../segments/slice.ts";
import type { Destination } from "./destination.ts";
import { blamed, type CountedOutcome, destinationResult, isMisfit } from "./destination-result.ts";
import { judge, type Landed, type Sent } from "./judge-answer.ts";

export interface LandingOptions {
  readonly nextCommit: NextCommit;
  readonly emitter: DeliveryEmitter;
  readonly steady: () => number;
}

/** Decides what the answer to a batch means for each of its events, and for the destination. */
export class Landing {
  readonly #options: LandingOptions;

  constructor(options: LandingOptions) {
    this.#options = options;
  }

  /** @param launchedAt - when the batch was sent, in steady time */
  async take(
    destination: Destination,
    sent: readonly Sent[],
    answer: SendAnswer,
    launchedAt: number,
  ): Promise<void> {
    if (answer.fault === undefined) {
      this.#settleAll(destination, await stored(judge(sent, answer)), launchedAt);
      return;
    }
    const isAlone = sent.length === 1 && sent[0]?.slice.size === 1;
    const fault = blamed(answer.fault, isAlone, destination.breaker);
    await this.#handleFault(destination, await stored(judge(sent, { fault })), fault, launchedAt);
  }

  /** It may have been counted, and must not be sent again. */
  quarantine(slice: Slice, transport: Transport): void {
    this.#settle(slice, { state: "quarantined", reason: unsafeReason(transport), status: undefined });
  }

  #settleAll(destination: Destination, landed: readonly Landed[], launchedAt: number): void {
    const now = this.#options.steady();
    const again: Slice[] = [];
    const outcomes: CountedOutcome[] = [];
    for (const each of landed) {
      const { slice, outcome } = each;
      if (outcome === undefined) continue;
      outcomes.push({ outcome, events: slice.size });
      const left = this.#settleOne(destination, each);
      if (left !== undefined) again.push(left);
    }
    const { state, fault, isAnySettled } = destinationResult(outcomes, destination.breaker);
    if (state === "succeeded") this.report(destination, destination.succeeded());
    else if (state === "failed") this.report(destination, destination.failed(launchedAt, now, fault));
    else if (state === "blocked") this.report(destination, destination.block(fault, now));
    if (isAnySettled) for (const slice of again) destination.delay(slice, now, fault.retryAfterMs);
    else destination.putBack(again);
  }

  /** What remains to be sent again, if anything. */
  #settleOne({ transport }: Destination, { slice, sent, next, outcome, each }: Landed): Slice | undefined {
    if (next.fate === "pending") {
      const again = slice.with(next.inDoubt ? slice : { ...UNDOUBTED, attempts: slice.attempts });
      this.#options.nextCommit.release(again);
      return again;
    }
    if (outcome === undefined) return undefined;
    if (outcome.state === "acknowledged") {
      const own = each?.flatMap((one) => (one.state === "acknowledged" ? [one] : []));
      this.#settle(slice, outcome, own);
      return undefined;
    }
    const { reason, status, body } = outcome;
    if (next.fate === "rejected")
      this.#settle(slice.with({ ...UNDOUBTED, attempts: slice.attempts }), {
        state: "rejected",
        reason,
        status,
        body,
      });
    else {
      const why =
        outcome.state === "unsure" ? `${reason}; ${unsafeReason(transport)}` : earlierDoubt(sent, reason);
      this.#settle(slice, { state: "quarantined", reason: why, status, body });
    }
    return undefined;
  }

  async #handleFault(
    destination: Destination,
    landed: readonly Landed[],
    fault: DestinationFault,
    launchedAt: number,
  ): Promise<void> {
    const { nextCommit, steady } = this.#options;
    const again: Slice[] = [];
    for (const { slice, sent, next } of landed) {
      const { reason, status, body } = fault;
      if (next.fate === "rejected") this.#settle(slice, { state: "rejected", reason, status, body });
      else if (next.fate === "quarantined")
        this.#settle(slice, { state: "quarantined", reason: earlierDoubt(sent, reason), status, body });
      else again.push(slice.with(next.inDoubt ? slice : { ...UNDOUBTED, attempts: slice.attempts }));
    }
    if (again.length === 0) return;
    if (isMisfit(fault)) {
      if (fault.kind === "too_large") destination.tooLarge(again);
      // Send the halves at once: their leases are valid, and a crash in between errs on the safe side.
      destination.split(again);
      return;
    }
    for (const slice of again) nextCommit.release(slice);
    destination.putBack(again);
    if (fault.kind === "unavailable")
      this.report(destination, destination.failed(launchedAt, steady(), fault));
    else if (fault.credentials === true && (await destination.refreshCredentials())) destination.retryNow();
    else this.report(destination, destination.block(fault, steady()));
  }

  #settle(slice: Slice, outcome: Settlement, each?: readonly Settlement[]): void {
    const { segment, from, to, bytes, span } = slice;
    const { state } = outcome;
    const reasons = state === "acknowledged" ? {} : { reason: outcome.reason, status: outcome.status };
    const ending = { ...span, state, sums: segment.sumsOf(from, to), bytes, ...reasons };
    this.#options.nextCommit.settle({ slice, outcome, each, ending });
  }

  /** Tells of a change of a destination, if there is one. */
  report(destination: Destination, change: DestinationChange | undefined): void {
    if (change !== undefined) this.#options.emitter.emit(change, destination.status);
  }
}

const UNDOUBTED = { firstSentAt: undefined, firstSentSteady: undefined };

/** The result of what was sent before it was stored waits for the commit; an event that was then not recorded has none. */
const stored = async (landed: readonly Landed[]): Promise<readonly Landed[]> => {
  if (landed.every(({ slice }) => slice.segment.id !== "")) return landed;
  for (const { slice } of landed) await slice.segment.whenStored();
  return landed.flatMap((each) => {
    const { segment, from, to } = each.slice;
    if (!segment.isShell) return segment.id === "" ? [] : [each];
    return segment.placesOf(from, to).map((place) => ({
      ...each,
      slice: new Slice(place.segment, place.index, place.index + 1, each.slice),
      each: each.each === undefined ? undefined : each.each.slice(place.was - from, place.was - from + 1),
    }));
  });
};

const unsafeReason = ({ name, receiver }: Transport): string =>
  receiver?.dedup
    ? `may have been counted, and ${name} remembers ids for only ${receiver.dedup.windowMs} ms`
    : `may have been counted, and ${name} does not deduplicate`;

const earlierDoubt = ({ inDoubt }: Sent, reason: string): string =>
  inDoubt ? `an earlier attempt may have been counted; the last was refused: ${reason}` : reason;
