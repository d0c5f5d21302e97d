import {
  ACCOUNT_FIELDS,
  type Account,
  type Appended,
  type Burial,
  type ClaimRequest,
  type EventRecord,
  NO_CHANGES,
  type Outbox,
  type OutboxChanges,
  type OutboxOpening,
  type SessionAnswer,
  type SessionChange,
} from "@meter-lib/core";
import { expect } from "../expect.ts";
import { SAMPLE_TIME } from "./sample-event.ts";

/** An opened outbox, used as the delivery engine uses it. After every change the accounts are checked for their law. */
export class OpenedOutbox {
  readonly outbox: Outbox;
  readonly opening: OutboxOpening;

  private constructor(outbox: Outbox, opening: OutboxOpening) {
    this.outbox = outbox;
    this.opening = opening;
  }

  static async open(outbox: Outbox): Promise<OpenedOutbox> {
    return new OpenedOutbox(outbox, await outbox.open());
  }

  async commit(changes: Partial<OutboxChanges>) {
    const commit = await this.outbox.commit({ ...NO_CHANGES, now: SAMPLE_TIME, ...changes });
    for (const [index, { event }] of (changes.append ?? []).entries()) {
      const answer = commit.appended[index];
      if (answer?.state !== "recorded") continue;
      event.key = answer.key;
      event.seq = answer.seq;
    }
    const { pending } = await this.accounts();
    expect(commit.pendingEvents, "pendingEvents is the account of pending").toBe(pending);
    return commit;
  }

  async append(events: readonly EventRecord[], hold = true): Promise<readonly Appended[]> {
    const { appended } = await this.commit({ append: events.map((event) => ({ event, hold })) });
    expect(appended, "one answer for each new event").toHaveLength(events.length);
    return appended;
  }

  /** Hands events to an imagined transport. */
  async lease(events: readonly EventRecord[], at = SAMPLE_TIME): Promise<void> {
    for (const event of events) {
      event.attempts++;
      event.firstSentAt ??= at;
      event.customer_id = `customer of ${event.tenant_id}`;
    }
    await this.commit({ lease: events });
  }

  async acknowledge(events: readonly EventRecord[]): Promise<void> {
    await this.commit({ acknowledge: events });
  }

  async bury(
    events: readonly EventRecord[],
    state: Burial["state"] = "rejected",
    reason = "no such device",
  ): Promise<void> {
    await this.commit({ bury: events.map((event) => ({ event, state, reason, status: 422 })) });
  }

  async session(change: SessionChange): Promise<SessionAnswer | undefined> {
    const { sessions } = await this.commit({ sessions: [change] });
    expect(sessions, "one answer for each session change").toHaveLength(1);
    return sessions[0];
  }

  async claim({ maxEvents = 100, maxBytes = 1_000_000, skipTenants = [] }: Partial<ClaimRequest> = {}) {
    const claimed = await this.outbox.claim({ now: SAMPLE_TIME, maxEvents, maxBytes, skipTenants });
    await this.accounts();
    return claimed;
  }

  /** Ids of what can be claimed, all of it. */
  async claimIds(): Promise<readonly string[]> {
    const ids: string[] = [];
    for (;;) {
      const { events, more } = await this.claim();
      ids.push(...events.map(({ event_id }) => event_id));
      if (!more) return ids;
    }
  }

  async accounts() {
    const accounts = await this.outbox.accounts();
    expectLaw(accounts, "in total");
    for (const [meter_id, account] of Object.entries(accounts.meters)) expectLaw(account, meter_id);
    for (const field of ACCOUNT_FIELDS) {
      const sum = Object.values(accounts.meters).reduce((total, account) => total + account[field], 0);
      expect(accounts[field], `${field} in total is the sum over the meters`).toBe(sum);
    }
    return accounts;
  }

  /** The figures that are not zero. */
  async figures(): Promise<Partial<Account>> {
    const accounts = await this.accounts();
    return Object.fromEntries(
      ACCOUNT_FIELDS.map((field) => [field, accounts[field]]).filter(([, count]) => count !== 0),
    );
  }

  list(query: Parameters<Outbox["list"]>[0] = {}) {
    return this.outbox.list({ limit: 10_000, ...query });
  }
}

const expectLaw = (account: Account, where: string): void => {
  const { recorded, acknowledged, pending, rejected, quarantined, discarded, lost } = account;
  const sum = acknowledged + pending + rejected + quarantined + discarded + lost;
  expect(
    recorded,
    `${where}: recorded = acknowledged + pending + rejected + quarantined + discarded + lost`,
  ).toBe(sum);
  for (const field of ACCOUNT_FIELDS) expect(account[field], `${where}: ${field}`).toBeGreaterThanOrEqual(0);
};
