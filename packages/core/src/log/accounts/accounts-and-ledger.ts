import type { BookedRange, LedgerRow } from "../outbox/outbox-query.ts";
import { padded, part, under } from "../store/keys.ts";
import type { StoreTransaction } from "../store/store.ts";
import type { AccountChange, DeltaRow, LedgerSums } from "../store/tables.ts";
import { ACCOUNT_FIELDS, type Accounts, emptyAccount, type MutableAccount } from "../sums/account.ts";
import type { HourSums } from "../sums/hour-sums.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";

// Stores the change of each transaction, and folds the changes into rows from time to time: updating a row in every transaction would cost
// more than the events themselves.
const DELTAS_PER_FOLD = 128;

/** The sums of many changes. */
class Fold {
  readonly accounts = new Map<string, number[]>();
  /** By what the keys of their rows in the ledger begin with: hour and meter. */
  readonly #pages = new Map<string, Map<string, MutableSums>>();
  readonly #byBooking: boolean;

  /** @param byBooking - whether what was booked in another hour than its own is kept apart */
  constructor(byBooking: boolean) {
    this.#byBooking = byBooking;
  }

  add({ accounts, recorded, acknowledged }: DeltaRow): void {
    this.addAccounts(accounts);
    this.addHours(recorded, RECORDED);
    this.addHours(acknowledged, ACKNOWLEDGED);
  }

  addAccounts(changes: readonly AccountChange[]): void {
    for (const [meter_id, ...figures] of changes) this.addFigures(meter_id, figures);
  }

  addFigures(meter_id: string, figures: readonly number[]): void {
    const sums = this.accounts.get(meter_id);
    if (sums === undefined) this.accounts.set(meter_id, [...figures]);
    else for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (figures[i] ?? 0);
  }

  addHours(hours: readonly HourSums[], figures: typeof RECORDED | typeof ACKNOWLEDGED): void {
    for (const { meter_id, hour, tenants, events, usage, uncounted, booked } of hours) {
      const page = this.#page(meter_id, hour, booked);
      for (let i = 0; i < tenants.length; i++) {
        const tenant_id = tenants[i] ?? "";
        let row = page.get(tenant_id);
        if (row === undefined) {
          row = this.#row(tenant_id, meter_id, hour, booked);
          page.set(tenant_id, row);
        }
        row[figures.events] += (events[i] ?? 0) - (uncounted?.[i] ?? 0);
        row[figures.usage] += usage[i] ?? 0;
      }
    }
  }

  addSums(sums: LedgerSums): void {
    const [tenant_id, meter_id, hour] = sums;
    const booked = sums[BOOKED];
    const page = this.#page(meter_id, hour, booked);
    const row = page.get(tenant_id) ?? this.#row(tenant_id, meter_id, hour, booked);
    for (const figure of FIGURES) row[figure] += sums[figure];
    page.set(tenant_id, row);
  }

  *rows(): Iterable<MutableSums> {
    for (const page of this.#pages.values()) yield* page.values();
  }

  *rowsByKey(): Iterable<readonly [key: string, row: MutableSums]> {
    for (const [start, page] of this.#pages)
      for (const [tenant_id, row] of page) yield [start + part(tenant_id), row];
  }

  #row(tenant_id: string, meter_id: string, hour: number, booked: number | undefined): MutableSums {
    const row: MutableSums = [tenant_id, meter_id, hour, 0, 0, 0, 0];
    if (this.#byBooking && booked !== undefined) row[BOOKED] = booked;
    return row;
  }

  #page(meter_id: string, hour: number, booked: number | undefined): Map<string, MutableSums> {
    const own = `${padded(hour)}/${part(meter_id)}/`;
    const key = this.#byBooking && booked !== undefined ? `${LATE}/${padded(booked)}/${own}` : own;
    let page = this.#pages.get(key);
    if (page === undefined) {
      page = new Map();
      this.#pages.set(key, page);
    }
    return page;
  }
}

type MutableSums = [string, string, number, number, number, number, number, booked?: number];

// Positions of the figures in a row of the ledger.
const RECORDED = { events: 3, usage: 5 } as const;
const ACKNOWLEDGED = { events: 4, usage: 6 } as const;
const FIGURES = [3, 4, 5, 6] as const;
const BOOKED = 7;

/** Before the keys of what is booked in another hour than its own. Digits sort before it. */
const LATE = "late";

/** Folds the gathered changes into the rows when there are many. */
export const foldDeltas = async ({ tx, meta, now, options }: LogTransaction): Promise<void> => {
  if (meta.next_delta - meta.first_delta < DELTAS_PER_FOLD) return;
  const fold = new Fold(true);
  for (const [key, delta] of await tx.range("deltas", {})) {
    fold.add(delta);
    tx.delete("deltas", key);
  }
  meta.first_delta = meta.next_delta;
  for (const [meter_id, figures] of fold.accounts) {
    const before = (await tx.get("accounts", meter_id)) ?? [];
    tx.put(
      "accounts",
      meter_id,
      figures.map((figure, i) => figure + (before[i] ?? 0)),
    );
  }
  const rows = [...fold.rowsByKey()];
  await tx.prefetch?.(
    "ledger",
    rows.map(([key]) => key),
  );
  for (const [key, row] of rows) {
    const before = await tx.get("ledger", key);
    if (before !== undefined) for (const figure of FIGURES) row[figure] += before[figure];
    tx.put("ledger", key, row);
  }
  const expired = padded(now - options.ledgerMs);
  const old = await tx.range("ledger", { before: expired, limit: 1_000 });
  const late = await tx.range("ledger", { from: `${LATE}/`, before: `${LATE}/${expired}`, limit: 1_000 });
  for (const [key] of [...old, ...late]) tx.delete("ledger", key);
};

export const readAccounts = async (tx: StoreTransaction): Promise<Accounts> => {
  const fold = new Fold(true);
  for (const [meter_id, figures] of await tx.range("accounts", {})) fold.addFigures(meter_id, figures);
  for (const [, { accounts }] of await tx.range("deltas", {})) fold.addAccounts(accounts);
  const total = emptyAccount();
  const meters: Record<string, MutableAccount> = Object.create(null);
  for (const [meter_id, figures] of fold.accounts) {
    const account = emptyAccount();
    ACCOUNT_FIELDS.forEach((field, i) => {
      account[field] = figures[i] ?? 0;
      total[field] += account[field];
    });
    meters[meter_id] = account;
  }
  return { ...total, meters };
};

export const readLedger = async (
  tx: StoreTransaction,
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, booked = false }: BookedRange,
): Promise<readonly LedgerRow[]> => {
  const isAsked = (hour: number, bookedIn = hour) => {
    const shown = booked ? bookedIn : hour;
    return shown >= from && shown < to;
  };
  const fold = new Fold(booked);
  const range = {
    from: from > 0 ? padded(from) : undefined,
    before: to < Number.MAX_SAFE_INTEGER ? padded(to) : LATE,
  };
  for (const [, row] of [...(await tx.range("ledger", range)), ...(await tx.range("ledger", under(LATE)))])
    if (isAsked(row[2], row[BOOKED])) fold.addSums(row);
  const asked = (hours: readonly HourSums[]) => hours.filter((sums) => isAsked(sums.hour, sums.booked));
  for (const [, { recorded, acknowledged }] of await tx.range("deltas", {})) {
    fold.addHours(asked(recorded), RECORDED);
    fold.addHours(asked(acknowledged), ACKNOWLEDGED);
  }
  return [...fold.rows()].map(
    ([tenant_id, meter_id, hour, recorded, acknowledged, recorded_usage, acknowledged_usage, bookedIn]) => ({
      tenant_id,
      meter_id,
      hour: bookedIn ?? hour,
      recorded,
      acknowledged,
      recorded_usage,
      acknowledged_usage,
      ...(bookedIn === undefined ? {} : { corrects: hour }),
    }),
  );
};
