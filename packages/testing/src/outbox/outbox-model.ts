import {
  type Accounts,
  type Appended,
  type EventRecord,
  emptyAccount,
  type OutboxLimits,
} from "@meter-lib/core";

type ModelState = "pending" | "inflight" | "acknowledged" | "rejected" | "quarantined" | "discarded";

export interface ModelRow {
  /** The record that the owner has in its hands. */
  event: EventRecord;
  state: ModelState;
  held: boolean;
  key: number;
  attempts: number;
  firstSentAt: number | undefined;
}

/** The least that an outbox is: rows in the order they were recorded, and rules. Knows nothing of how it is stored. */
export class OutboxModel {
  readonly rows: ModelRow[] = [];
  readonly #limits: OutboxLimits;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  in(...states: readonly ModelState[]): readonly ModelRow[] {
    return this.rows.filter(({ state }) => states.includes(state));
  }

  get pending(): readonly ModelRow[] {
    return this.in("pending", "inflight");
  }

  get unheld(): readonly ModelRow[] {
    return this.pending.filter(({ held }) => !held);
  }

  get held(): readonly ModelRow[] {
    return this.pending.filter(({ held }) => held);
  }

  /** What an outbox must answer to a new event; stores it if so. Key and number are the outbox's own. */
  append(event: EventRecord, held: boolean): Appended["state"] {
    const known = this.rows.find(
      (row) => row.event.event_id === event.event_id && row.event.tenant_id === event.tenant_id,
    );
    if (known !== undefined) return known.event.fingerprint === event.fingerprint ? "repeat" : "conflict";
    const bytes = this.pending.reduce((sum, row) => sum + row.event.bytes, 0);
    if (this.pending.length >= this.#limits.maxEvents || bytes + event.bytes > this.#limits.maxBytes)
      return "full";
    this.rows.push({ event, state: "pending", held, key: 0, attempts: 0, firstSentAt: undefined });
    return "recorded";
  }

  accounts(): Accounts {
    const total = emptyAccount();
    const meters = new Map<string, ReturnType<typeof emptyAccount>>();
    for (const { event, state } of this.rows) {
      const meter = meters.get(event.meter_id) ?? emptyAccount();
      meters.set(event.meter_id, meter);
      for (const account of [total, meter]) {
        account.recorded++;
        account[state === "inflight" ? "pending" : state]++;
      }
    }
    return { ...total, meters: Object.fromEntries(meters) };
  }
}
