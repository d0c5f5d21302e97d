import { ACCOUNT_FIELDS, type Accounts, emptyAccount, type MutableAccount } from "./account.ts";
import { padded, part } from "./keys.ts";
import type { LogTransaction } from "./log-transaction.ts";
import type { LedgerRange, LedgerRow } from "./outbox-query.ts";
import type { StoreTransaction } from "./store.ts";
import type { DeltaRow, LedgerChange } from "./tables.ts";

// Sums are kept as what each transaction changed, and folded into rows now and then: a row touched by every transaction would cost more
// than the events themselves.
const DELTAS_PER_FOLD = 128;

/** Sums of many changes. */
class Fold {
  readonly accounts = new Map<string, number[]>();
  readonly #pages = new Map<string, Map<string, MutableLedger>>();
  #meter_id = "";
  #hour = -1;
  #last = new Map<string, MutableLedger>();

  add({ accounts, ledger }: DeltaRow): void {
    for (const [meter_id, ...figures] of accounts) this.addFigures(meter_id, figures);
    for (const change of ledger) this.addLedger(change);
  }

  addFigures(meter_id: string, figures: readonly number[]): void {
    const sums = this.accounts.get(meter_id);
    if (sums === undefined) this.accounts.set(meter_id, [...figures]);
    else for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (figures[i] ?? 0);
  }

  addLedger(change: LedgerChange): void {
    const page = this.#page(change[1], change[2]);
    const row = page.get(change[0]);
    if (row === undefined) {
      page.set(change[0], [...change]);
      return;
    }
    row[3] += change[3];
    row[4] += change[4];
    row[5] += change[5];
    row[6] += change[6];
  }

  *rows(): Iterable<MutableLedger> {
    for (const page of this.#pages.values()) yield* page.values();
  }

  /** Changes of one meter and hour come in runs: the last page is looked at first. */
  #page(meter_id: string, hour: number): Map<string, MutableLedger> {
    if (this.#hour === hour && this.#meter_id === meter_id) return this.#last;
    const key = `${hour} ${meter_id}`;
    const page = this.#pages.get(key) ?? new Map<string, MutableLedger>();
    this.#pages.set(key, page);
    this.#meter_id = meter_id;
    this.#hour = hour;
    this.#last = page;
    return page;
  }
}

type MutableLedger = [string, string, number, number, number, number, number];

const ledgerKey = (tenant_id: string, meter_id: string, hour: number): string =>
  `${padded(hour)}/${part(meter_id)}/${part(tenant_id)}`;

/** Folds what has gathered into the rows, when that is much. */
export const foldDeltas = async ({ tx, meta, now, options }: LogTransaction): Promise<void> => {
  if (meta.next_delta - meta.first_delta < DELTAS_PER_FOLD) return;
  const fold = new Fold();
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
  for (const row of fold.rows()) {
    const key = ledgerKey(row[0], row[1], row[2]);
    const before = await tx.get("ledger", key);
    if (before !== undefined) {
      row[3] += before[3];
      row[4] += before[4];
      row[5] += before[5];
      row[6] += before[6];
    }
    tx.put("ledger", key, row);
  }
  const old = await tx.range("ledger", { before: padded(now - options.ledgerMs), limit: 1_000 });
  for (const [key] of old) tx.delete("ledger", key);
};

export const readAccounts = async (tx: StoreTransaction): Promise<Accounts> => {
  const fold = new Fold();
  for (const [meter_id, figures] of await tx.range("accounts", {})) fold.addFigures(meter_id, figures);
  for (const [, delta] of await tx.range("deltas", {})) fold.add(delta);
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
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: LedgerRange,
): Promise<readonly LedgerRow[]> => {
  const isAsked = (hour: number) => hour >= from && hour < to;
  const fold = new Fold();
  const range = {
    from: from > 0 ? padded(from) : undefined,
    before: to < Number.MAX_SAFE_INTEGER ? padded(to) : undefined,
  };
  for (const [, row] of await tx.range("ledger", range)) if (isAsked(row[2])) fold.addLedger(row);
  for (const [, { ledger }] of await tx.range("deltas", {}))
    for (const change of ledger) if (isAsked(change[2])) fold.addLedger(change);
  return [...fold.rows()].map(
    ([tenant_id, meter_id, hour, recorded, acknowledged, recorded_usage, acknowledged_usage]) => ({
      tenant_id,
      meter_id,
      hour,
      recorded,
      acknowledged,
      recorded_usage,
      acknowledged_usage,
    }),
  );
};
