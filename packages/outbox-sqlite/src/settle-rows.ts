import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AccountField } from "@meter-lib/core";
import { ACKNOWLEDGED, DISCARDED, INFLIGHT, PENDING, QUARANTINED, REJECTED } from "./events-table.ts";
import type { OwnSegments } from "./own-segments.ts";
import { readNumber, readText } from "./read-column.ts";
import type { BurialChange, CommitInput, DeliveryChange, Keys } from "./store-call.ts";
import { StoreFailure } from "./store-failure.ts";
import type { Tally } from "./tally.ts";

/** The account that a state counts in. */
const FIELDS: readonly AccountField[] = [
  "pending",
  "pending",
  "rejected",
  "quarantined",
  "acknowledged",
  "discarded",
];

const listed = "key IN (SELECT value FROM json_each(?))";
const list = (keys: Keys): string => `[${keys.join()}]`;

const deliver = "UPDATE events SET customer_id = ?, attempts = ?, first_sent_at = ?";

/** Moves rows from one state to another, and their events from one account to another. */
export class SettleRows {
  readonly #segments: OwnSegments;
  readonly #sums: StatementSync;
  readonly #acknowledge: StatementSync;
  readonly #bury: StatementSync;
  readonly #release: StatementSync;
  readonly #lease: StatementSync;
  readonly #unhold: StatementSync;
  readonly #redrive: StatementSync;
  readonly #discard: StatementSync;

  constructor(db: DatabaseSync, segments: OwnSegments) {
    this.#segments = segments;
    this.#sums = db.prepare(`
      SELECT tenant_id, meter_id, state, usage_time - usage_time % 3600000 AS hour,
             count(*) AS events, sum(bytes) AS bytes, total(total_usage) AS usage
      FROM events WHERE ${listed} AND state BETWEEN ? AND ? GROUP BY 1, 2, 3, 4`);
    this.#acknowledge = db.prepare(`
      UPDATE events SET state = ${ACKNOWLEDGED}, holder = NULL, ended_at = ?, reason = NULL, status = NULL, body = ''
      WHERE ${listed} AND state < ${ACKNOWLEDGED}`);
    this.#bury = db.prepare(`
      UPDATE events SET state = ?, holder = NULL, ended_at = ?, reason = ?, status = ?
      WHERE ${listed} AND state <= ${INFLIGHT}`);
    this.#release = db.prepare(`${deliver}, state = ${PENDING} WHERE ${listed} AND state <= ${INFLIGHT}`);
    this.#lease = db.prepare(
      `${deliver}, state = ${INFLIGHT} WHERE ${listed} AND state <= ${INFLIGHT} AND holder = ?`,
    );
    this.#unhold = db.prepare(
      `UPDATE events SET holder = NULL, state = ${PENDING} WHERE ${listed} AND state <= ${INFLIGHT} AND holder = ?`,
    );
    this.#redrive = db.prepare(`
      UPDATE events SET state = ${PENDING}, attempts = 0, first_sent_at = NULL, ended_at = NULL, reason = NULL, status = NULL
      WHERE ${listed} AND state BETWEEN ${REJECTED} AND ${QUARANTINED}`);
    this.#discard = db.prepare(`
      UPDATE events SET state = ${DISCARDED}, ended_at = ?, reason = ?, body = ''
      WHERE ${listed} AND state BETWEEN ${REJECTED} AND ${QUARANTINED}`);
  }

  settle(input: CommitInput, tally: Tally): void {
    this.#acknowledgeAll(input.acknowledge, input.now, tally);
    for (const { customer_id, attempts, firstSentAt, keys } of input.release) {
      this.#segments.takeApart(keys);
      this.#release.run(customer_id, attempts, firstSentAt ?? null, list(keys));
    }
    for (const burial of input.bury) {
      this.#segments.takeApart(burial.keys);
      this.bury(burial, input.now, tally);
    }
  }

  lease(changes: readonly DeliveryChange[], count: number, owner: number, now: number): void {
    const inSegments = this.#segments.lease(changes, now);
    let { leased } = inSegments;
    for (const { customer_id, attempts, firstSentAt, keys } of inSegments.rows) {
      leased += Number(this.#lease.run(customer_id, attempts, firstSentAt ?? now, list(keys), owner).changes);
    }
    // Never send what another one may send too.
    if (leased !== count) {
      throw new StoreFailure(
        "taken",
        `${count - leased} of ${count} events to be sent are no longer held by this outbox`,
      );
    }
  }

  unhold(keys: Keys, owner: number): void {
    this.#segments.takeApart(keys);
    this.#unhold.run(list(keys), owner);
  }

  redrive(keys: Keys, tally: Tally): number {
    const events = this.#move(keys, REJECTED, QUARANTINED, "pending", tally);
    this.#redrive.run(list(keys));
    return events;
  }

  discard(keys: Keys, reason: string, now: number, tally: Tally): number {
    const events = this.#move(keys, REJECTED, QUARANTINED, "discarded", tally);
    this.#discard.run(now, reason, list(keys));
    tally.tombstones += events;
    return events;
  }

  #acknowledgeAll(all: Keys, now: number, tally: Tally): void {
    const keys = this.#segments.acknowledge(all, now, tally);
    if (keys.length === 0) return;
    tally.tombstones += this.#move(keys, PENDING, QUARANTINED, "acknowledged", tally);
    this.#acknowledge.run(now, list(keys));
  }

  bury({ state, reason, status, keys }: BurialChange, now: number, tally: Tally): void {
    this.#move(keys, PENDING, INFLIGHT, state, tally);
    this.#bury.run(state === "rejected" ? REJECTED : QUARANTINED, now, reason, status ?? null, list(keys));
  }

  /** Counts the rows that are in one of the states over to another account. Answers how many. */
  #move(keys: Keys, fromState: number, toState: number, to: AccountField, tally: Tally): number {
    let moved = 0;
    for (const row of this.#sums.all(list(keys), fromState, toState)) {
      const from = FIELDS[readNumber(row, "state")] ?? "pending";
      const meter_id = readText(row, "meter_id");
      const events = readNumber(row, "events");
      const bytes = readNumber(row, "bytes");
      tally.count(meter_id, from, -events);
      tally.count(meter_id, to, events);
      if (from === "pending") {
        tally.pendingEvents -= events;
        tally.pendingBytes -= bytes;
      }
      if (to === "pending") {
        tally.pendingEvents += events;
        tally.pendingBytes += bytes;
      }
      if (to === "acknowledged") {
        tally.acknowledged(
          readText(row, "tenant_id"),
          meter_id,
          readNumber(row, "hour"),
          events,
          readNumber(row, "usage"),
        );
      }
      moved += events;
    }
    return moved;
  }
}
