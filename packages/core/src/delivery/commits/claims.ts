import type { UsageEvent } from "../../event/usage-event.ts";
import type { Claimed, ClaimRequest, Outbox } from "../../log/outbox/outbox.ts";
import { eventsOf } from "../../log/store/segment-body.ts";
import type { Intake } from "../intake/intake.ts";
import type { EventsInMemory } from "../segments/events-in-memory.ts";
import { Slice } from "../segments/slice.ts";

const CLAIM_INTERVAL_MS = 5_000;
/** Events that arrive within this time are claimed together. */
const ARRIVAL_MS = 100;

export interface ClaimsOptions {
  readonly outbox: Outbox;
  readonly inMemory: EventsInMemory;
  readonly intake: Intake;
  /** Whether a closed page may have sent an event that the outbox knows as never sent. */
  readonly mayHaveLeft: (event: UsageEvent | undefined) => boolean;
  readonly steady: () => number;
}

/**
 * Takes events of the outbox into memory: what an earlier process left or another one released, what did not fit, what was redriven, and what
 * came with a transaction.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  #hasMore = false;
  /** When to look for more, in steady time. */
  #at: number;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#at = options.outbox.durable ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** Whether the outbox may have events that this process could claim. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Whether to claim now: there may be more, and room for it. */
  get isDue(): boolean {
    const { inMemory, steady } = this.#options;
    return (this.#hasMore || steady() >= this.#at) && inMemory.claimable !== undefined;
  }

  /** Whether to look for more without waiting. */
  get isAsked(): boolean {
    return this.#at === Number.NEGATIVE_INFINITY;
  }

  /** Look for more at once. */
  ask(): void {
    this.#at = Number.NEGATIVE_INFINITY;
  }

  /** There is more. */
  expect(): void {
    this.#hasMore = true;
    this.ask();
  }

  /** Events were left in the outbox; their turn comes when there is room in memory. */
  left(): void {
    this.#hasMore = true;
  }

  /** Events have arrived in the outbox, and more of them may follow. */
  arrived(): void {
    this.#at = Math.min(this.#at, this.#options.steady() + ARRIVAL_MS);
  }

  /** When to look for more, after having looked at `now`. */
  wakeAt(now: number): number {
    return this.#at > now ? this.#at : Number.POSITIVE_INFINITY;
  }

  /** Claims as much as there is room for, if it is time. */
  async next(
    request: Pick<ClaimRequest, "now" | "skipTenants">,
    isDown: () => boolean,
  ): Promise<Claimed | undefined> {
    const { outbox, inMemory, steady } = this.#options;
    const room = inMemory.claimable;
    if (!this.isDue || room === undefined) return undefined;
    // A volatile outbox has no other owners; claim again only after a redrive.
    this.#at = outbox.durable ? steady() + CLAIM_INTERVAL_MS : Number.POSITIVE_INFINITY;
    const claimed = await outbox.claim({ ...room, ...request });
    this.#hasMore = claimed.more && !isDown();
    return claimed;
  }

  /** Enters what was claimed, and returns it as slices. */
  enter({ segments }: Claimed): readonly Slice[] {
    const { inMemory, intake, mayHaveLeft } = this.#options;
    const slices: Slice[] = [];
    const known = new Set(segments.length === 0 ? [] : [...inMemory.segments].map(({ id }) => id));
    for (const claimed of segments) {
      const { id, lane, tenant_id, body, pieces } = claimed;
      // This owner was presumed dead, then claimed its own segment: it is here already.
      if (known.has(id)) continue;
      const count = pieces.at(-1)?.to ?? 0;
      const events = eventsOf(body, count).filter((event) => event !== undefined);
      const segment = intake.claimedSegment(lane, tenant_id);
      segment.claimed(claimed, events);
      for (const { from, to, attempts, first_sent_at } of pieces) {
        const firstSentAt = first_sent_at ?? (mayHaveLeft(events[from]) ? claimed.recorded_at : undefined);
        const slice = new Slice(segment, from, to, { attempts, firstSentAt, firstSentSteady: undefined });
        inMemory.enterSlice(slice);
        intake.loaded(tenant_id, slice.size);
        slices.push(slice);
      }
    }
    return slices;
  }
}
