import type { EventRecord } from "../event/event-record.ts";
import { MemoryIdentities } from "../memory/memory-identities.ts";
import { memoryOutbox } from "../memory/memory-outbox.ts";
import type { Clock } from "../strategies/clock.ts";
import type { Appended, Claimed, ClaimRequest, Outbox } from "../strategies/outbox.ts";
import type {
  LedgerId,
  LedgerKey,
  LedgerRange,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
  ProducerRow,
} from "../strategies/outbox-query.ts";
import type { SessionAnswer, SessionChange, SessionRow } from "../strategies/outbox-session.ts";
import { type Accounts, sumAccounts } from "./account.ts";
import type { Random } from "./backoff.ts";
import { OutboxWriter } from "./outbox-writer.ts";
import type { Settlement } from "./settlement.ts";

export interface StoreEvents {
  /** Whether an event that is about to be stored stays in memory too. */
  hold(event: EventRecord): boolean;
  /** `held`: it stays in memory; `isVolatile`: it is nowhere else. */
  appended(event: EventRecord, answer: Appended, held: boolean, isVolatile: boolean): void;
  /** Whether it may be sent although the outbox cannot say whether its identity was recorded before. */
  mayGoUnchecked(event: EventRecord): boolean;
  /** The outbox fails, and without it the event may not be sent. */
  turnedAway(event: EventRecord): void;
  settled(event: EventRecord, outcome: Settlement): void;
  opened(warnings: readonly string[]): void;
  failed(error: unknown): void;
  recovered(): void;
  /** All that was gathered is written. */
  written(): void;
}

const SPARE_EVENTS = 10_000;
const SPARE_BYTES = 16 * 1024 * 1024;

/**
 * The outbox, and behind it a spare one in memory for events that the outbox does not take because it fails: they are
 * delivered all the same, only not durably. An event stays where it was stored first.
 *
 * The spare outbox does not know what the other one holds. So an event that may be a repeat goes there only if its receiver would know
 * the repeat, and else is turned away.
 */
export class Store {
  readonly #outbox: Outbox;
  readonly #spare: Outbox;
  readonly #writer: OutboxWriter;
  readonly #spareWriter: OutboxWriter;
  readonly #events: StoreEvents;
  readonly #inSpare = new Set<EventRecord>();
  /** Identities that the spare outbox knows, and the other one does not. */
  readonly #spareIdentities = new MemoryIdentities(SPARE_EVENTS, []);
  #spareUsed = false;
  #producer: string | undefined;

  constructor(outbox: Outbox, clock: Clock, random: Random, events: StoreEvents) {
    this.#outbox = outbox;
    this.#events = events;
    this.#spare = memoryOutbox({ maxEvents: SPARE_EVENTS, maxBytes: SPARE_BYTES });
    const shared = {
      settled: (event: EventRecord, outcome: Settlement) => {
        if (this.#inSpare.delete(event) && outcome.state === "acknowledged") this.#spareIdentities.end(event);
        events.settled(event, outcome);
      },
      written: () => events.written(),
    };
    this.#writer = new OutboxWriter(outbox, clock, random, {
      ...shared,
      hold: (event) => events.hold(event),
      opened: ({ producer, warnings }) => {
        this.#producer = producer;
        events.opened(warnings);
      },
      appended: (event, answer, held) => {
        event.producer = this.#producer;
        events.appended(event, answer, held, !outbox.durable);
      },
      appendFailed: (failed) => {
        for (const event of failed) this.#appendToSpare(event);
      },
      storeFailed: (error) => events.failed(error),
      storeRecovered: () => events.recovered(),
    });
    this.#spareWriter = new OutboxWriter(this.#spare, clock, random, {
      ...shared,
      hold: () => true,
      opened: () => {},
      appended: (event, answer) => {
        if (answer.state !== "recorded") {
          this.#inSpare.delete(event);
          if (this.#spareIdentities.find(event) === event) this.#spareIdentities.remove(event);
        }
        events.appended(event, answer, true, true);
      },
      appendFailed: () => {},
      storeFailed: () => {},
      storeRecovered: () => {},
    });
    // Opens the outbox: what an earlier process left is delivered without anybody recording anything.
    if (outbox.durable) this.#writer.kick();
  }

  get name(): string {
    return this.#outbox.name;
  }

  get durable(): boolean {
    return this.#outbox.durable;
  }

  get limits() {
    return this.#outbox.limits;
  }

  /** Pending in the outbox, and what is on its way into it. */
  get pending() {
    return { events: this.#writer.pendingEvents, bytes: this.#writer.pendingBytes };
  }

  /** On its way into the outbox. */
  get buffered() {
    return { events: this.#writer.bufferedEvents, bytes: this.#writer.bufferedBytes };
  }

  /** Recorded, and not known to be in the outbox. */
  get unstored(): readonly EventRecord[] {
    return [...this.#writer.unstored, ...this.#spareWriter.unstored];
  }

  /** Pending events that are nowhere but in memory, because the outbox did not take them. */
  get volatileEvents(): Iterable<EventRecord> {
    return this.#inSpare;
  }

  get down(): boolean {
    return this.#writer.down;
  }

  append(event: EventRecord): void {
    // Where its first is, a repeat is known.
    const isKnownToSpare = this.#spareUsed && this.#spareIdentities.find(event) !== undefined;
    if (isKnownToSpare || this.#writer.down) this.#appendToSpare(event);
    else this.#writer.append(event);
  }

  settle(event: EventRecord, outcome: Settlement): void {
    this.#writerOf(event).settle(event, outcome);
  }

  release(event: EventRecord): void {
    this.#writerOf(event).release(event);
  }

  unhold(event: EventRecord): void {
    this.#writerOf(event).unhold(event);
  }

  lease(
    events: readonly EventRecord[],
    stored: (taken: readonly EventRecord[]) => void,
    failed: () => void,
  ): void {
    // What is in memory only has no lease: it does not outlive this process.
    const durable = this.#inSpare.size === 0 ? events : events.filter((event) => !this.#inSpare.has(event));
    if (durable.length === 0) stored([]);
    else this.#writer.lease({ events: durable, stored, failed });
  }

  async claim(request: ClaimRequest): Promise<Claimed> {
    if (!this.#spareUsed) return this.#writer.claim(request);
    const spare = await this.#spareWriter.claim(request);
    // Those redriven had left it with their first fate.
    for (const event of spare.events) this.#inSpare.add(event);
    const { events, more } = await this.#writer.claim(request);
    return { events: [...spare.events, ...events], more: spare.more || more };
  }

  session(change: SessionChange): Promise<SessionAnswer> {
    return this.#writer.session(change);
  }

  async claimSessions(): Promise<readonly SessionRow[]> {
    await this.idle();
    return this.#outbox.claimSessions();
  }

  async accounts(): Promise<Accounts> {
    await this.idle();
    return sumAccounts(await Promise.all([this.#outbox.accounts(), this.#spare.accounts()]));
  }

  async list(query: OutboxQuery): Promise<readonly OutboxRow[]> {
    await this.idle();
    const [rows, spare] = await Promise.all([this.#outbox.list(query), this.#spare.list(query)]);
    return [...rows, ...spare];
  }

  async redrive(selection: OutboxSelection): Promise<number> {
    await this.idle();
    return (await this.#outbox.redrive(selection)) + (await this.#spare.redrive(selection));
  }

  async discard(selection: OutboxSelection, reason: string): Promise<number> {
    await this.idle();
    return (await this.#outbox.discard(selection, reason)) + (await this.#spare.discard(selection, reason));
  }

  async ledger(range: LedgerRange): Promise<readonly LedgerRow[]> {
    await this.idle();
    return this.#outbox.ledger(range);
  }

  async producers(): Promise<readonly ProducerRow[]> {
    await this.idle();
    const [rows = [], spare = []] = await Promise.all([
      this.#outbox.producers?.(),
      this.#spare.producers?.(),
    ]);
    return [...rows, ...spare];
  }

  async ledgerIds(row: LedgerKey): Promise<readonly LedgerId[]> {
    return this.#outbox.ledgerIds(row);
  }

  /** Starts writing what was gathered. */
  kick(): void {
    this.#writer.kick();
    this.#spareWriter.kick();
  }

  /** When all that was gathered is written, or the outbox does not take it. */
  async idle(): Promise<void> {
    await Promise.all([this.#writer.idle(), this.#spareWriter.idle()]);
  }

  /** Writes the rest and closes; answers what stays behind and what is gone. */
  async close(): Promise<{ readonly persisted: number; readonly lost: number }> {
    await this.idle();
    this.#writer.stop();
    const { pending: spare } = await this.#spare.accounts();
    await this.#spare.close();
    const { pending } = await this.#outbox.accounts();
    await this.#outbox.close();
    return this.durable ? { persisted: pending, lost: spare } : { persisted: 0, lost: pending + spare };
  }

  #appendToSpare(event: EventRecord): void {
    const isNew = this.#spareIdentities.find(event) === undefined;
    if (isNew && event.mayBeRepeat && !this.#events.mayGoUnchecked(event)) {
      this.#events.turnedAway(event);
      return;
    }
    this.#spareUsed = true;
    this.#inSpare.add(event);
    if (isNew) this.#spareIdentities.add(event);
    this.#spareWriter.append(event);
  }

  #writerOf(event: EventRecord): OutboxWriter {
    return this.#inSpare.has(event) ? this.#spareWriter : this.#writer;
  }
}
