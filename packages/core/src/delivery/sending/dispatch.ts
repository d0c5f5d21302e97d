import { leafTransport } from "../../compose/leaf-transport.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import type { Clock } from "../../strategies/clock.ts";
import type { Transport } from "../../strategies/transport.ts";
import type { NextCommit } from "../commits/next-commit.ts";
import { Customers } from "../customers/customers.ts";
import type { DeliveryEmitter } from "../reports/delivery-events.ts";
import type { DeliveryOptions } from "../rules/delivery-options.ts";
import type { DestinationStatus } from "../rules/destination-status.ts";
import { leaving } from "../rules/fates.ts";
import type { Random } from "../rules/retry.ts";
import type { Segment } from "../segments/segment.ts";
import { batchOf, Slice } from "../segments/slice.ts";
import { Destination } from "./destination.ts";
import type { Sent } from "./judge-answer.ts";
import { Landing } from "./landing.ts";

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

/** Sends what is ready, to each destination at its own pace. */
export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #destinations = new Map<Transport, Destination>();
  readonly #abort = new AbortController();
  readonly #onTheWay = new Set<Promise<void>>();
  /** Holds events whose route leads nowhere. */
  readonly #astray: Destination;
  readonly #landing: Landing;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#landing = new Landing(options);
    this.#astray = new Destination(ASTRAY, { ...options, signal: this.#abort.signal });
  }

  /** Batches on the way. */
  get inFlight(): number {
    return this.#onTheWay.size;
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
        this.#landing.report(this.#astray, this.#astray.block(leaf.fault, this.#options.steady()));
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
      this.#landing.report(this.#astray, this.#astray.succeeded());
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
        this.#landing.quarantine(slice, destination.transport);
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
    await this.#landing.take(destination, sent, answer, launchedAt);
  }
}

const ASTRAY: Transport = { name: "route", send: async () => ({ outcomes: [] }) };
