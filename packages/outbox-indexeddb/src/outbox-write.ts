import {
  ACCOUNT_FIELDS,
  type AccountField,
  createEventId,
  type EventRecord,
  emptyAccount,
  type LedgerKey,
  type LedgerRow,
  type UsageEvent,
} from "@meter-lib/core";
import { TOTALS_KEY, type Totals, type WriteTransaction } from "./outbox-schema.ts";

type Mutable<Row> = { -readonly [Field in keyof Row]: Row[Field] };

const HOUR_MS = 3_600_000;

/** The hour that an event's usage counts in: that of its end, else of its start, else of its own time. */
export const hourOf = ({ event_time, start_time, end_time }: Omit<UsageEvent, "type">): number =>
  Math.floor((end_time ?? start_time ?? event_time) / HOUR_MS) * HOUR_MS;

/** One transaction: its stores, and what it adds to the accounts, the ledger and the totals. */
export class OutboxWrite {
  readonly events;
  readonly tombstones;
  readonly owners;
  readonly sessions;
  readonly totals: Mutable<Totals>;

  readonly #tx: WriteTransaction;
  readonly #accounts = new Map<string, ReturnType<typeof emptyAccount>>();
  readonly #ledger = new Map<string, Mutable<LedgerRow>>();
  readonly #afterwards: (() => void)[] = [];

  private constructor(tx: WriteTransaction, totals: Totals) {
    this.#tx = tx;
    this.events = tx.objectStore("events");
    this.tombstones = tx.objectStore("tombstones");
    this.owners = tx.objectStore("owners");
    this.sessions = tx.objectStore("sessions");
    this.totals = { ...totals };
  }

  static async begin(tx: WriteTransaction): Promise<OutboxWrite> {
    const totals = (await tx.objectStore("totals").get(TOTALS_KEY)) ?? {
      store: createEventId(Date.now()),
      next_key: 1,
      pending_events: 0,
      pending_bytes: 0,
      tombstones: 0,
    };
    return new OutboxWrite(tx, totals);
  }

  /** A change whose answer nobody needs: if it fails, the transaction does, and says so. */
  do(request: Promise<unknown>): void {
    request.catch(() => {});
  }

  /** To be done in memory once the transaction is through. */
  afterwards(work: () => void): void {
    this.#afterwards.push(work);
  }

  /** One event more in an account, and one less in another. */
  count(
    event: { readonly meter_id: string; readonly bytes: number },
    to: AccountField,
    from?: AccountField,
  ): void {
    const account = this.#accounts.get(event.meter_id) ?? emptyAccount();
    this.#accounts.set(event.meter_id, account);
    account[to]++;
    if (from !== undefined) account[from]--;
    const pending = Number(to === "pending") - Number(from === "pending");
    this.totals.pending_events += pending;
    this.totals.pending_bytes += pending * event.bytes;
  }

  /** One event more in the ledger. */
  enter(event: Omit<UsageEvent, "type">, as: "recorded" | "acknowledged"): void {
    const { tenant_id, meter_id, total_usage = 0 } = event;
    const key: LedgerKey = { tenant_id, meter_id, hour: hourOf(event) };
    const name = JSON.stringify([key.hour, tenant_id, meter_id]);
    const line = this.#ledger.get(name) ?? {
      ...key,
      recorded: 0,
      acknowledged: 0,
      recorded_usage: 0,
      acknowledged_usage: 0,
    };
    this.#ledger.set(name, line);
    line[as]++;
    line[`${as}_usage`] += total_usage;
  }

  /** Writes the sums, waits for the transaction, then carries out what is left to do in memory. */
  async end(): Promise<void> {
    await Promise.all([this.#writeAccounts(), this.#writeLedger()]);
    this.do(this.#tx.objectStore("totals").put(this.totals, TOTALS_KEY));
    await this.#tx.done;
    for (const work of this.#afterwards) work();
  }

  async #writeAccounts(): Promise<void> {
    const store = this.#tx.objectStore("accounts");
    await Promise.all(
      [...this.#accounts].map(async ([meter_id, added]) => {
        const stored = await store.get(meter_id);
        if (stored !== undefined) for (const field of ACCOUNT_FIELDS) added[field] += stored[field];
        this.do(store.put({ meter_id, ...added }));
      }),
    );
  }

  async #writeLedger(): Promise<void> {
    const store = this.#tx.objectStore("ledger");
    await Promise.all(
      [...this.#ledger.values()].map(async (line) => {
        const stored = await store.get([line.hour, line.tenant_id, line.meter_id]);
        if (stored !== undefined) {
          line.recorded += stored.recorded;
          line.acknowledged += stored.acknowledged;
          line.recorded_usage += stored.recorded_usage;
          line.acknowledged_usage += stored.acknowledged_usage;
        }
        this.do(store.put(line));
      }),
    );
  }
}

/** The row of an event. By identity, not by key: after an eviction keys begin anew. */
export const findRow = (
  write: OutboxWrite,
  { tenant_id, event_id }: Pick<EventRecord, "tenant_id" | "event_id">,
) => write.events.index("identity").get([tenant_id, event_id]);
