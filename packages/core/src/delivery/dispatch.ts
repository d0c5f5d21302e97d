import { leafTransport } from "../compose/leaf-transport.ts";
import type { UsageEvent } from "../event/usage-event.ts";
import type { Clock } from "../strategies/clock.ts";
import type { DestinationFault, Transport } from "../strategies/transport.ts";
import { Customers } from "./customers.ts";
import type { DeliveryEmitter } from "./delivery-events.ts";
import type { DeliveryOptions } from "./delivery-options.ts";
import { Destination, type DestinationStatus } from "./destination.ts";
import { blamed, type CountedOutcome, destinationResult, isMisfit } from "./destination-result.ts";
import { leaving } from "./fates.ts";
import { judge, type Landed, type Sent } from "./judge-answer.ts";
import type { NextCommit } from "./next-commit.ts";
import type { Settlement } from "./receipt.ts";
import type { DestinationChange, Random } from "./retry.ts";
import type { Segment } from "./segment.ts";
import { batchOf, Slice } from "./slice.ts";

export interface DispatchOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly steady: () => number;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly lingerMs: number;
  readonly retryCapMs: number;
  readonly delivery: DeliveryOptions;
  readonly nextCommit: NextCommit;
  readonly customers: Customers;
  readonly emitter: DeliveryEmitter;
  /** A batch has a result. */
  readonly landed: () => void;
  readonly receiverTime: (sentAt: number, receivedAt: number, receiverTime: number) => void;
}

/** A clock that is set back by less may be another machine's. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Sends what is ready, to each destination at its own pace, and decides what each result means for each event. */
export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #destinations = new Map<Transport, Destination>();
  readonly #abort = new AbortController();
  readonly #onTheWay = new Set<Promise<void>>();
  /** Holds events whose route leads nowhere. */
  readonly #astray: Destination;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#astray = new Destination(ASTRAY, { ...options, signal: this.#abort.signal });
  }

  enqueue(slice: Slice): void {
    for (const { part, destination } of this.#routed(slice)) destination.enqueue(part);
  }

  putBack(slices: readonly Slice[]): void {
    for (const slice of slices)
      for (const { part, destination } of this.#routed(slice)) destination.putBack([part]);
  }

  /**
   * Takes all batches that may be sent now; they are sent when their leases are stored.
   * @param now - steady
   * @param hurry - does not wait for batches to fill
   * @param isDown - whether the outbox stores no leases
   */
  send(now: number, hurry: boolean, isDown: boolean): void {
    if (this.#abort.signal.aborted) return;
    this.#findAstray(now);
    this.giveUpOverdue(now);
    for (const destination of this.#destinations.values()) {
      for (
        let batch = destination.take(now, hurry);
        batch !== undefined;
        batch = destination.take(now, hurry)
      ) {
        const taken = batch;
        const mayLease = ({ segment }: Slice) => !isDown || segment.isVolatile;
        for (const slice of taken) if (!mayLease(slice)) this.#options.nextCommit.strand(slice);
        const sent = this.#leaving(destination, taken.filter(mayLease));
        if (sent.length === 0) {
          destination.landed(taken);
          continue;
        }
        const slices = sent.map(({ slice }) => slice);
        this.#options.nextCommit.lease({
          slices,
          leases: slices.map(({ lease }) => lease),
          isGone: false,
          send: (leased) =>
            this.#launch(
              destination,
              taken,
              sent.filter(({ slice }) => leased.includes(slice)),
            ),
        });
      }
    }
  }

  /**
   * Sends everything that waits, and what is not stored yet, before this call returns. Uses only transports that outlive the page and whose
   * receiver deduplicates: what is sent without a lease may be sent again.
   * @param patient - skips destinations that are backing off: the events are safe
   */
  sendNow(unstored: readonly Segment[], patient: boolean): void {
    if (this.#abort.signal.aborted) return;
    const now = this.#options.steady();
    const mayLeave = ({ isPageProof, breaker }: Destination): boolean =>
      isPageProof && breaker.blockedBy === undefined && !(patient && now < breaker.resumeAt);
    for (const segment of unstored) {
      if (segment.isAhead) continue;
      const slice = new Slice(segment, 0, segment.events.length);
      const routed = this.#routed(slice);
      if (!routed.every(({ destination }) => mayLeave(destination))) continue;
      if (!this.#options.customers.resolveNow(slice)) continue;
      segment.isAhead = true;
      for (const { part, destination } of routed) destination.enqueue(part);
    }
    for (const leased of this.#options.nextCommit.leased) {
      if (
        leased.isGone ||
        !leased.slices.every((slice) => this.#routed(slice).every(({ destination }) => mayLeave(destination)))
      )
        continue;
      leased.isGone = true;
      leased.send(leased.slices);
    }
    for (const destination of this.#destinations.values()) {
      if (!mayLeave(destination)) continue;
      for (let batch = destination.takeNow(); batch !== undefined; batch = destination.takeNow()) {
        const sent = this.#leaving(destination, batch);
        this.#launch(destination, batch, sent);
      }
    }
  }

  /** See `Attempts`. */
  giveUpOverdue(now: number): void {
    for (const { attempts } of this.#destinations.values()) attempts.giveUpOverdue(now);
  }

  /** Whether a closed page may have sent an event that the outbox knows as never sent. */
  mayHaveLeft(event: UsageEvent | undefined): boolean {
    const leaf = event === undefined ? undefined : leafTransport(this.#options.transport, event);
    return leaf?.fault === undefined && leaf !== undefined && this.#destination(leaf.transport).isPageProof;
  }

  /** When `send` may find something new. Overdue work waits for something else, which will wake it. */
  wakeAt(now: number): number | undefined {
    let at: number | undefined;
    for (const destination of [...this.#destinations.values(), this.#astray]) {
      const due = destination.wakeAt();
      if (due !== undefined && due > now && (at === undefined || due < at)) at = due;
    }
    return at;
  }

  statuses(): readonly DestinationStatus[] {
    const { status } = this.#astray;
    const statuses = [...this.#destinations.values()].map((destination) => destination.status);
    return status.queued > 0 ? [...statuses, status] : statuses;
  }

  /** Somebody acted: try blocked and waiting destinations at once. */
  retryNow(): void {
    for (const destination of [...this.#destinations.values(), this.#astray]) destination.retryNow();
  }

  /** Aborts what is in flight, waits until all of it has an outcome, and returns what was never sent. */
  async close(): Promise<readonly Slice[]> {
    this.#abort.abort();
    await Promise.all(this.#onTheWay);
    return [...this.#destinations.values(), this.#astray].flatMap((destination) => destination.drain());
  }

  #destination(transport: Transport): Destination {
    let destination = this.#destinations.get(transport);
    if (destination === undefined) {
      destination = new Destination(transport, { ...this.#options, signal: this.#abort.signal });
      this.#destinations.set(transport, destination);
    }
    return destination;
  }

  /** Splits the slice where the route changes. */
  #routed(slice: Slice): readonly { readonly part: Slice; readonly destination: Destination }[] {
    const { transport } = this.#options;
    if (transport.route === undefined) return [{ part: slice, destination: this.#destination(transport) }];
    const leaves = [...slice.events()].map((event) => leafTransport(transport, event));
    const parts: { part: Slice; destination: Destination }[] = [];
    let from = 0;
    for (let i = 1; i <= leaves.length; i++) {
      const leaf = leaves[from];
      const next = leaves[i];
      if (leaf === undefined) break;
      if (
        next !== undefined &&
        leaf.fault === undefined &&
        next.fault === undefined &&
        leaf.transport === next.transport
      )
        continue;
      if (leaf.fault !== undefined)
        this.#report(this.#astray, this.#astray.block(leaf.fault, this.#options.steady()));
      parts.push({
        part: slice.part(slice.from + from, slice.from + i),
        destination: leaf.fault === undefined ? this.#destination(leaf.transport) : this.#astray,
      });
      from = i;
    }
    return parts;
  }

  /** Routes again what led nowhere. */
  #findAstray(now: number): void {
    if (this.#astray.breaker.blockedBy === undefined || now < this.#astray.breaker.resumeAt) return;
    const slices = this.#astray.drain();
    if (slices.length === 0) return;
    const parts = slices.flatMap((slice) => this.#routed(slice));
    for (const { part, destination } of parts) destination.putBack([part]);
    if (parts.every(({ destination }) => destination !== this.#astray))
      this.#report(this.#astray, this.#astray.succeeded());
  }

  /** Returns the slices of a batch that may be sent; others are looked up again, or are ambiguous and must not be sent again. */
  #leaving(destination: Destination, batch: readonly Slice[]): readonly Sent[] {
    const { clock, steady, customers } = this.#options;
    const now = clock.now();
    const steadyNow = steady();
    const sent: Sent[] = [];
    for (const slice of batch) {
      if (!customers.resolveNow(slice)) {
        customers.admit(slice);
        continue;
      }
      const inDoubt = slice.isInDoubt;
      const mayResend = this.#mayResend(destination.transport, slice, now, steadyNow);
      if (leaving({ inDoubt, mayResend }).fate === "quarantined") {
        const reason = unsafeReason(destination.transport);
        this.#settle(slice, { state: "quarantined", reason, status: undefined });
        continue;
      }
      const state = {
        attempts: slice.attempts + 1,
        firstSentAt: slice.firstSentAt ?? now,
        firstSentSteady: slice.firstSentSteady ?? (inDoubt ? undefined : steadyNow),
      };
      Customers.keep(slice);
      sent.push({ slice: slice.with(state), inDoubt, mayResend });
    }
    return sent;
  }

  /** Whether ambiguous events may be sent again. Their age is judged by the worse of both clocks. */
  #mayResend(transport: Transport, slice: Slice, now: number, steadyNow: number): boolean {
    if (this.#options.delivery.ambiguity === "resend") return true;
    const dedup = transport.receiver?.dedup;
    if (dedup === undefined || dedup === false) return false;
    const { firstSentAt = now, firstSentSteady } = slice;
    if (firstSentSteady === undefined && firstSentAt > now + CLOCK_TOLERANCE_MS) return false;
    const age = Math.max(now - firstSentAt, firstSentSteady === undefined ? 0 : steadyNow - firstSentSteady);
    return age < dedup.windowMs;
  }

  #launch(destination: Destination, batch: readonly Slice[], sent: readonly Sent[]): void {
    if (sent.length === 0) {
      destination.landed(batch);
      return;
    }
    const landed = this.#carry(destination, sent).then(() => {
      destination.landed(batch);
      this.#onTheWay.delete(landed);
      this.#options.landed();
    });
    this.#onTheWay.add(landed);
  }

  async #carry(destination: Destination, sent: readonly Sent[]): Promise<void> {
    const { clock, steady } = this.#options;
    const launchedAt = steady();
    const sentAt = clock.now();
    const answer = await destination.attempts.make(batchOf(sent.map(({ slice }) => slice)));
    if (answer.receiverTime !== undefined)
      this.#options.receiverTime(sentAt, clock.now(), answer.receiverTime);
    if (answer.fault === undefined) {
      this.#settleAll(destination, await stored(judge(sent, answer)), launchedAt);
      return;
    }
    const isAlone = sent.length === 1 && sent[0]?.slice.size === 1;
    const fault = blamed(answer.fault, isAlone, destination.breaker);
    await this.#handleFault(destination, await stored(judge(sent, { fault })), fault, launchedAt);
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
    if (state === "succeeded") this.#report(destination, destination.succeeded());
    else if (state === "failed") this.#report(destination, destination.failed(launchedAt, now, fault));
    else if (state === "blocked") this.#report(destination, destination.block(fault, now));
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
      this.#report(destination, destination.failed(launchedAt, steady(), fault));
    else if (fault.credentials === true && (await destination.refreshCredentials())) destination.retryNow();
    else this.#report(destination, destination.block(fault, steady()));
  }

  #settle(slice: Slice, outcome: Settlement, each?: readonly Settlement[]): void {
    const { segment, from, to, bytes, span } = slice;
    const { state } = outcome;
    const reasons = state === "acknowledged" ? {} : { reason: outcome.reason, status: outcome.status };
    const ending = { ...span, state, sums: segment.sumsOf(from, to), bytes, ...reasons };
    this.#options.nextCommit.settle({ slice, outcome, each, ending });
  }

  #report(destination: Destination, change: DestinationChange | undefined): void {
    if (change !== undefined) this.#options.emitter.emit(change, destination.status);
  }
}

const ASTRAY: Transport = { name: "route", send: async () => ({ outcomes: [] }) };
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
