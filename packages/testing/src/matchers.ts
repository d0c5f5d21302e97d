import type { Account, Accounts } from "@meter-lib/core";
import { ACCOUNT_FIELDS } from "@meter-lib/core/store";
import type { MemoryTransport, OutgoingEvent } from "@meter-lib/core/transport";
import { expect } from "vitest";

/** Matchers that this module adds to `expect`. Import it once, for example in a setup file. */
export interface MeterMatchers<R extends void | Promise<void>> {
  /** Passes if a `memoryTransport` acknowledged an event with these fields. */
  toHaveRecorded(fields: Partial<OutgoingEvent>): R;
  /** Passes if a `memoryTransport`, or accounts such as `client.stats()`, acknowledged this many events. */
  toHaveAcknowledged(count: number): R;
  /** Passes if a `memoryTransport` acknowledged each identity at most once. */
  toHaveCountedOnce(): R;
  /**
   * Passes if accounts balance, in total and for each meter, and the meters add up to the total:
   * `recorded = acknowledged + pending + rejected + quarantined + discarded + lost`.
   */
  toBalance(): R;
}

declare module "vitest" {
  // The parameters must be those of vitest's own declaration, for the two to be one.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown>
    extends MeterMatchers<R> {}
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const isMemoryTransport = (value: unknown): value is MemoryTransport =>
  isObject(value) && "events" in value && Array.isArray(value.events);

const isAccounts = (value: unknown): value is Accounts =>
  isObject(value) && "recorded" in value && "acknowledged" in value && "meters" in value;

const transportOf = (received: unknown, matcher: string): MemoryTransport => {
  if (isMemoryTransport(received)) return received;
  throw new TypeError(`${matcher}: expected a memoryTransport`);
};

const imbalances = (accounts: Accounts): readonly string[] => {
  const found: string[] = [];
  const law = (where: string, account: Account) => {
    const { recorded, acknowledged, pending, rejected, quarantined, discarded, lost } = account;
    const sum = acknowledged + pending + rejected + quarantined + discarded + lost;
    if (recorded !== sum)
      found.push(`${where}: recorded is ${recorded}, the other accounts add up to ${sum}`);
    for (const field of ACCOUNT_FIELDS) {
      if (!(account[field] >= 0)) found.push(`${where}: ${field} is ${account[field]}`);
    }
  };
  law("in total", accounts);
  const meters = Object.entries(accounts.meters);
  for (const [meter_id, account] of meters) law(meter_id, account);
  for (const field of ACCOUNT_FIELDS) {
    const sum = meters.reduce((total, [, account]) => total + account[field], 0);
    if (sum !== accounts[field]) found.push(`${field}: ${accounts[field]} in total, ${sum} over the meters`);
  }
  return found;
};

expect.extend({
  toHaveRecorded(received: unknown, fields: Partial<OutgoingEvent>) {
    const { events } = transportOf(received, "toHaveRecorded");
    return {
      pass: events.some((event) => this.equals(event, expect.objectContaining(fields))),
      message: () =>
        `expected ${this.isNot ? "no" : "an"} acknowledged event with ${this.utils.stringify(fields)}; there are ${events.length}: ${this.utils.stringify(events.slice(0, 5))}`,
    };
  },
  toHaveAcknowledged(received: unknown, count: number) {
    const actual = isAccounts(received)
      ? received.acknowledged
      : transportOf(received, "toHaveAcknowledged").events.length;
    return {
      pass: actual === count,
      message: () => `expected ${count} acknowledged events, got ${actual}`,
      actual,
      expected: count,
    };
  },
  toHaveCountedOnce(received: unknown) {
    const { events } = transportOf(received, "toHaveCountedOnce");
    const seen = new Set<string>();
    const twice = events
      .map(({ tenant_id, event_id }) => `${tenant_id} ${event_id}`)
      .filter((identity) => seen.size === seen.add(identity).size);
    return {
      pass: twice.length === 0,
      message: () =>
        twice.length === 0
          ? "expected an identity that was counted more than once"
          : `counted more than once: ${twice.slice(0, 10).join(", ")}`,
    };
  },
  toBalance(received: unknown) {
    if (!isAccounts(received)) throw new TypeError("toBalance: expected the answer of client.stats()");
    const found = imbalances(received);
    return {
      pass: found.length === 0,
      message: () =>
        found.length === 0
          ? "expected accounts that do not balance"
          : `the accounts do not balance: ${found.join("; ")}`,
    };
  },
});
