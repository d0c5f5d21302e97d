import type { MeterError } from "../../errors/meter-error.ts";
import type { CheckedEvent } from "../../event/checked-event.ts";
import type { Lane } from "../../event/usage-event.ts";
import type { OutboxOpening } from "../../log/outbox/outbox.ts";
import type { Customers } from "../customers/customers.ts";
import type { Segment } from "../segments/segment.ts";
import type { Intake } from "./intake.ts";

const ASK_AGAIN_MS = 200;

/** Whether there is room for another event, by what the outbox said last and what it has been given since. */
export class Room {
  /** Others may have made room in a shared outbox: the next commit asks it. */
  isAsked = false;
  readonly #intake: Intake;
  readonly #customers: Customers;
  readonly #steady: () => number;
  #pending = { events: 0, bytes: 0 };
  #committing = NOTHING;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(intake: Intake, customers: Customers, steady: () => number) {
    this.#intake = intake;
    this.#customers = customers;
    this.#steady = steady;
  }

  heard({ pendingEvents, pendingBytes }: Omit<OutboxOpening, "warnings">): void {
    this.#pending = { events: pendingEvents, bytes: pendingBytes };
  }

  /** Segments are about to be stored. */
  commits(segments: readonly Segment[]): void {
    if (segments.length === 0) return;
    this.#committing = {
      events: segments.reduce((sum, { open }) => sum + open, 0),
      bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  committed(): void {
    this.#committing = NOTHING;
    this.isAsked = false;
  }

  /** Why there is no room; undefined if there is. */
  refusal(checked: CheckedEvent, lane: Lane): MeterError | undefined {
    const { tenant_id } = checked.event;
    return this.#intake.refusal(checked, lane, {
      pendingEvents: this.#pending.events + this.#committing.events,
      pendingBytes: this.#pending.bytes + this.#committing.bytes,
      parked: this.#customers.isParkedAlone(tenant_id) ? this.#parkedWith(tenant_id) : undefined,
    });
  }

  /** Returns whether it is time to ask the outbox again. */
  ask(): boolean {
    if (this.#steady() - this.#askedAt <= ASK_AGAIN_MS) return false;
    this.#askedAt = this.#steady();
    this.isAsked = true;
    return true;
  }

  /** What is parked. What is gathered of the tenant will be, too. */
  #parkedWith(tenant_id: string): { readonly events: number; readonly bytes: number } {
    const { events, bytes } = this.#customers.waiting;
    return { events: events + this.#intake.loadOf(tenant_id), bytes: bytes + this.#intake.bytes };
  }
}

const NOTHING = { events: 0, bytes: 0 };
