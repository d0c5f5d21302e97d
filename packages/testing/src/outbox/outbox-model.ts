import { type Accounts, emptyAccount, type OutboxLimits } from "@meter-lib/core/store";
import type { EventAnswer } from "./opened-outbox.ts";
import type { SampleEvent } from "./sample-event.ts";

type ModelState = "pending" | "inflight" | "acknowledged" | "rejected" | "quarantined" | "discarded";

export interface ModelRow {
  /** The event as known to its holder. */
  event: SampleEvent;
  readonly mark: string | undefined;
  state: ModelState;
  /** The owner that holds it. */
  holder: number | undefined;
  key: number;
  attempts: number;
  first_sent_at: number | undefined;
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

  heldBy(holder: number | undefined): readonly ModelRow[] {
    return this.pending.filter((row) => row.holder === holder);
  }

  /** What an outbox must answer to a new event; stores it if so. Key and number are the outbox's own. */
  append(event: SampleEvent, holder: number | undefined): EventAnswer["state"] {
    const known = this.rows.find(
      (row) => row.event.event_id === event.event_id && row.event.tenant_id === event.tenant_id,
    );
    if (known !== undefined) return saysTheSame(known, event) ? "repeat" : "conflict";
    const bytes = this.pending.reduce((sum, row) => sum + row.event.bytes, 0);
    if (this.pending.length >= this.#limits.maxEvents || bytes + event.bytes > this.#limits.maxBytes)
      return "full";
    const { mark } = event;
    this.rows.push({ event, mark, state: "pending", holder, key: 0, attempts: 0, first_sent_at: undefined });
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

/** An event whose id was made for it is compared as long as it is kept: after its end, whoever gives its id had it from here. */
const saysTheSame = ({ mark, event, state }: ModelRow, repeat: SampleEvent): boolean =>
  mark !== undefined
    ? mark === repeat.mark
    : state === "acknowledged" ||
      state === "discarded" ||
      JSON.stringify(event.event) === JSON.stringify(repeat.event);
