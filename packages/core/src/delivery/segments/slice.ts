import { type OutgoingEvent, outgoing, type UsageEvent } from "../../event/usage-event.ts";
import type { Lease, Span } from "../../log/outbox/outbox.ts";
import type { Batch } from "../../strategies/transport.ts";
import type { Segment } from "./segment.ts";

/** What is known about all events of a slice. */
export interface SliceState {
  readonly attempts: number;
  /** First attempt that may have been processed, in wall-clock time; undefined if certainly none was. */
  readonly firstSentAt: number | undefined;
  /** The same in steady time; undefined for what another process sent. */
  readonly firstSentSteady: number | undefined;
}

export const UNSENT: SliceState = { attempts: 0, firstSentAt: undefined, firstSentSteady: undefined };

/**
 * Consecutive events of one segment with the same delivery state: the unit that is queued, batched, leased, delayed, split and settled.
 * Immutable; a new state makes a new slice.
 */
export class Slice implements SliceState {
  readonly segment: Segment;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly bytes: number;
  readonly attempts: number;
  readonly firstSentAt: number | undefined;
  readonly firstSentSteady: number | undefined;

  constructor(
    segment: Segment,
    from: number,
    to: number,
    { attempts, firstSentAt, firstSentSteady }: SliceState = UNSENT,
    bytes: number = segment.bytesOf(from, to),
  ) {
    this.segment = segment;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
    this.attempts = attempts;
    this.firstSentAt = firstSentAt;
    this.firstSentSteady = firstSentSteady;
  }

  get size(): number {
    return this.to - this.from;
  }

  get isInDoubt(): boolean {
    return this.firstSentAt !== undefined;
  }

  get span(): Span {
    return { segment: this.segment.id, from: this.from, to: this.to };
  }

  get lease(): Lease {
    const { attempts, firstSentAt, segment } = this;
    return {
      ...this.span,
      attempts,
      first_sent_at: firstSentAt,
      customers: attempts > 1 ? undefined : [...segment.customers],
    };
  }

  /** Whether it is all of its segment. */
  get isWhole(): boolean {
    return this.from === 0 && this.to === this.segment.events.length;
  }

  get tenants(): readonly string[] {
    const { segment, from, to, isWhole } = this;
    if (segment.tenant_id !== "") return [segment.tenant_id];
    const hours = isWhole ? segment.sums.sums : [];
    if (hours.length === 1) return hours[0]?.tenants ?? [];
    const tenants = new Set<string>();
    if (isWhole) for (const hour of hours) for (const tenant_id of hour.tenants) tenants.add(tenant_id);
    else for (let i = from; i < to; i++) tenants.add(segment.events[i]?.tenant_id ?? "");
    return [...tenants];
  }

  /** Splits it where the tenant changes. */
  byTenant(): readonly Slice[] {
    const { events } = this.segment;
    const parts: Slice[] = [];
    let from = this.from;
    for (let i = from + 1; i <= this.to; i++) {
      if (i < this.to && events[i]?.tenant_id === events[from]?.tenant_id) continue;
      parts.push(this.part(from, i));
      from = i;
    }
    return parts;
  }

  *events(): Iterable<UsageEvent> {
    const { events } = this.segment;
    for (let i = this.from; i < this.to; i++) {
      const event = events[i];
      if (event !== undefined) yield event;
    }
  }

  with(state: SliceState): Slice {
    return new Slice(this.segment, this.from, this.to, state, this.bytes);
  }

  /** Returns a part. */
  part(from: number, to: number): Slice {
    return from === this.from && to === this.to ? this : new Slice(this.segment, from, to, this);
  }

  /** Returns the first events, and the rest. */
  cut(at: number): readonly [Slice, Slice] {
    const head = this.part(this.from, at);
    return [head, new Slice(this.segment, at, this.to, this, this.bytes - head.bytes)];
  }
}

export const sizeOf = (slices: readonly Slice[]): number => slices.reduce((sum, { size }) => sum + size, 0);
export const bytesOf = (slices: readonly Slice[]): number =>
  slices.reduce((sum, { bytes }) => sum + bytes, 0);

/** The events of slices in flight: the same on every attempt, also after a restart. */
export const batchOf = (slices: readonly Slice[]): Batch => {
  const outgoingEvents: OutgoingEvent[] = [];
  for (const { segment, from, to } of slices) {
    const { events, customers, producer, id, first_seq } = segment;
    // Consecutive events often share a tenant.
    let tenant: string | undefined;
    let customer_id = "";
    for (let i = from; i < to; i++) {
      const event = events[i];
      if (event === undefined) continue;
      if (event.tenant_id !== tenant) {
        tenant = event.tenant_id;
        customer_id = customers.get(tenant) ?? "";
      }
      outgoingEvents.push(outgoing(event, customer_id, producer, id === "" ? undefined : first_seq + i));
    }
  }
  return { events: outgoingEvents };
};
