import { type AccountField, type Accounts, emptyAccount, type MutableAccount } from "../delivery/account.ts";

/** Counts events per meter and in total, each figure by itself. */
export class MemoryAccounts {
  readonly #total = emptyAccount();
  readonly #meters = new Map<string, MutableAccount>();
  // Events of one meter come in runs: the last account is looked at first.
  #lastMeter = "";
  #last = emptyAccount();

  add(meter_id: string, field: AccountField, count = 1): void {
    this.#total[field] += count;
    this.#of(meter_id)[field] += count;
  }

  /** Moves one event from a figure to another. */
  move(meter_id: string, from: AccountField, to: AccountField): void {
    this.add(meter_id, from, -1);
    this.add(meter_id, to, 1);
  }

  snapshot(): Accounts {
    const meters: Record<string, MutableAccount> = Object.create(null);
    for (const [meter_id, account] of this.#meters) meters[meter_id] = { ...account };
    return { ...this.#total, meters };
  }

  #of(meter_id: string): MutableAccount {
    if (meter_id === this.#lastMeter) return this.#last;
    const meter = this.#meters.get(meter_id) ?? emptyAccount();
    this.#meters.set(meter_id, meter);
    this.#lastMeter = meter_id;
    this.#last = meter;
    return meter;
  }
}
