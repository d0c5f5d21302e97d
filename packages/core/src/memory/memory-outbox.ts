import type { Accounts } from "../delivery/account.ts";
import { createEventId } from "../event/event-id.ts";
import type { EventRecord } from "../event/event-record.ts";
import { seqRanges } from "../event/seq-range.ts";
import type {
  Append,
  Appended,
  Burial,
  Claimed,
  ClaimRequest,
  Outbox,
  OutboxChanges,
  OutboxCommit,
} from "../strategies/outbox.ts";
import type {
  EndState,
  LedgerId,
  LedgerKey,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
  ProducerRow,
  RowState,
} from "../strategies/outbox-query.ts";
import { MemoryAccounts } from "./memory-accounts.ts";
import { MemoryIdentities } from "./memory-identities.ts";
import { hourOf, MemoryLedger } from "./memory-ledger.ts";
import { MemoryRows } from "./memory-rows.ts";
import { MemorySessions } from "./memory-sessions.ts";
import { UnheldEvents } from "./unheld-events.ts";

export interface MemoryOutboxOptions {
  /** Most pending events. @default 10_000 */
  readonly maxEvents?: number;
  /** Most pending bytes. @default 16 MiB */
  readonly maxBytes?: number;
  /** How many acknowledged identities are remembered, to know a repeat. @default 10_000 */
  readonly maxTombstones?: number;
}

const MAX_LEDGER_ROWS = 10_000;

/**
 * An outbox in memory: everything the contract asks for but durability. What is still pending at the end of the process is lost, so
 * `durable` of a receipt says `volatile`.
 */
export const memoryOutbox = (options: MemoryOutboxOptions = {}): Outbox => new MemoryOutbox(options);

class MemoryOutbox implements Outbox {
  readonly name = "memory";
  readonly durable = false;
  readonly limits: { readonly maxEvents: number; readonly maxBytes: number };

  readonly #rows = new MemoryRows();
  readonly #identities: MemoryIdentities;
  readonly #buried = new Map<EventRecord, Burial & { readonly ended_at: number }>();
  readonly #unheld = new UnheldEvents();
  readonly #accounts = new MemoryAccounts();
  readonly #ledger = new MemoryLedger(MAX_LEDGER_ROWS);
  readonly #sessions = new MemorySessions();
  readonly #producer = createEventId(Date.now());
  #seq = 0;
  #pendingEvents = 0;
  #pendingBytes = 0;

  constructor({
    maxEvents = 10_000,
    maxBytes = 16 * 1024 * 1024,
    maxTombstones = 10_000,
  }: MemoryOutboxOptions) {
    this.limits = { maxEvents, maxBytes };
    this.#identities = new MemoryIdentities(maxTombstones, this.#rows);
  }

  open() {
    return { producer: this.#producer, pendingEvents: 0, pendingBytes: 0, warnings: [] };
  }

  commit(changes: OutboxChanges): OutboxCommit {
    for (const event of changes.acknowledge) this.#acknowledge(event);
    for (const event of changes.release) event.state = "pending";
    for (const burial of changes.bury) this.#bury(burial, changes.now);
    for (const event of changes.unhold) {
      event.state = "pending";
      this.#unheld.add(event);
    }
    const appended = changes.append.map((append) => this.#append(append, changes.now));
    for (const event of changes.lease) event.state = "inflight";
    const sessions = changes.sessions.map((change) => this.#sessions.apply(change));
    return { appended, sessions, pendingEvents: this.#pendingEvents, pendingBytes: this.#pendingBytes };
  }

  claim(request: ClaimRequest): Claimed {
    return this.#unheld.claim(request);
  }

  accounts(): Accounts {
    return this.#accounts.snapshot();
  }

  list({ state, tenant_id, event_id, after = 0, limit = 100 }: OutboxQuery): readonly OutboxRow[] {
    const rows: OutboxRow[] = [];
    for (const event of this.#rows) {
      if (hasEnded(event)) continue;
      const row = this.#view(event);
      if (state !== undefined && row.state !== state) continue;
      if (tenant_id !== undefined && event.tenant_id !== tenant_id) continue;
      if (event_id !== undefined && event.event_id !== event_id) continue;
      if (event.key > after) rows.push(row);
    }
    return rows.sort((a, b) => a.key - b.key).slice(0, limit);
  }

  redrive(selection: OutboxSelection): number {
    const chosen = this.#select(selection);
    for (const event of chosen) {
      this.#buried.delete(event);
      this.#accounts.move(event.meter_id, selection.state, "pending");
      this.#pendingEvents++;
      this.#pendingBytes += event.bytes;
      event.state = "pending";
      event.attempts = 0;
      event.firstSentAt = undefined;
      this.#unheld.add(event);
    }
    return chosen.length;
  }

  discard(selection: OutboxSelection): number {
    const chosen = this.#select(selection);
    for (const event of chosen) {
      this.#buried.delete(event);
      this.#accounts.move(event.meter_id, selection.state, "discarded");
      event.state = "discarded";
      this.#end(event);
    }
    return chosen.length;
  }

  ledger(range: { readonly from?: number; readonly to?: number }): readonly LedgerRow[] {
    return this.#ledger.rows(range);
  }

  ledgerIds({ tenant_id, meter_id, hour }: LedgerKey): readonly LedgerId[] {
    const ids: LedgerId[] = [];
    for (const event of this.#rows) {
      if (event.tenant_id !== tenant_id || event.meter_id !== meter_id || hourOf(event) !== hour) continue;
      ids.push({ event_id: event.event_id, state: this.#whereIs(event) });
    }
    return ids;
  }

  producers(): readonly ProducerRow[] {
    const seqs: number[] = [];
    for (const { seq, state } of this.#rows) {
      if (seq !== undefined && state !== "acknowledged") seqs.push(seq);
    }
    seqs.sort((a, b) => a - b);
    return this.#seq === 0
      ? []
      : [{ producer: this.#producer, last_seq: this.#seq, unacknowledged: seqRanges(seqs) }];
  }

  claimSessions() {
    return [];
  }

  close(): void {
    for (const event of this.#rows) {
      if (event.state !== "pending" && event.state !== "inflight") continue;
      this.#accounts.move(event.meter_id, "pending", "lost");
      event.state = "lost";
    }
    this.#pendingEvents = 0;
    this.#pendingBytes = 0;
    this.#unheld.clear();
  }

  #append({ event, hold }: Append, now: number): Appended {
    const known = event.mayBeRepeat ? this.#identities.find(event) : undefined;
    if (known !== undefined) {
      if (known.fingerprint !== event.fingerprint) return { state: "conflict" };
      return { state: "repeat", where: this.#whereIs(known) };
    }
    if (
      this.#pendingEvents >= this.limits.maxEvents ||
      this.#pendingBytes + event.bytes > this.limits.maxBytes
    ) {
      return { state: "full" };
    }
    this.#identities.add(event);
    this.#seq++;
    event.key = this.#seq;
    this.#rows.add(event);
    event.seq = this.#seq;
    event.producer = this.#producer;
    event.recordedAt = now;
    event.state = "pending";
    if (!hold) this.#unheld.add(event);
    this.#pendingEvents++;
    this.#pendingBytes += event.bytes;
    this.#accounts.add(event.meter_id, "recorded");
    this.#accounts.add(event.meter_id, "pending");
    this.#ledger.recorded(event);
    return { state: "recorded", key: event.key, seq: event.seq };
  }

  #acknowledge(event: EventRecord): void {
    this.#leavePending(event, "acknowledged");
    this.#ledger.acknowledged(event);
    event.state = "acknowledged";
    this.#end(event);
  }

  #end(event: EventRecord): void {
    const forgotten = this.#identities.end(event);
    if (forgotten !== undefined) this.#rows.forget(forgotten);
  }

  #bury(burial: Burial, now: number): void {
    this.#leavePending(burial.event, burial.state);
    burial.event.state = burial.state;
    this.#buried.set(burial.event, { ...burial, ended_at: now });
  }

  #leavePending(event: EventRecord, to: "acknowledged" | "rejected" | "quarantined"): void {
    this.#accounts.move(event.meter_id, "pending", to);
    this.#pendingEvents--;
    this.#pendingBytes -= event.bytes;
  }

  #select({ state, tenant_id, event_ids }: OutboxSelection): readonly EventRecord[] {
    const ids = event_ids === undefined ? undefined : new Set(event_ids);
    return [...this.#buried.values()]
      .filter((burial) => burial.state === state)
      .map((burial) => burial.event)
      .filter((event) => tenant_id === undefined || event.tenant_id === tenant_id)
      .filter((event) => ids === undefined || ids.has(event.event_id));
  }

  #whereIs(event: EventRecord): RowState | EndState {
    return event.state === "acknowledged" || event.state === "discarded"
      ? event.state
      : this.#view(event).state;
  }

  #view(event: EventRecord): OutboxRow {
    const burial = this.#buried.get(event);
    const state: RowState = burial?.state ?? (event.state === "inflight" ? "inflight" : "pending");
    return {
      key: event.key,
      state,
      event,
      customer_id: event.customer_id === "" ? undefined : event.customer_id,
      lane: event.lane,
      attempts: event.attempts,
      first_sent_at: event.firstSentAt,
      recorded_at: event.recordedAt,
      reason: burial?.reason,
      status: burial?.status,
      ended_at: burial?.ended_at,
    };
  }
}

const hasEnded = ({ state }: EventRecord): boolean =>
  state === "acknowledged" || state === "discarded" || state === "lost";
