import { type AccountField, type Accounts, emptyAccount, type MutableAccount } from "../delivery/account.ts";

/** Counts events per meter and in total, each figure by itself. */
export class MemoryAccounts {
  readonly #total = emptyAccount();
  readonly #meters = new Map<string, MutableAccount>();

  add(meter_id: string, field: AccountField, count = 1): void {
    this.#total[field] += count;
    let meter = this.#meters.get(meter_id);
    if (meter === undefined) {
      meter = emptyAccount();
      this.#meters.set(meter_id, meter);
    }
    meter[field] += count;
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
}
