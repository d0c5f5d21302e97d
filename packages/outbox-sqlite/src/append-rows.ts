import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Appended } from "@meter-lib/core";
import { HOUR_MS, stateName } from "./events-table.ts";
import { readNumber } from "./read-column.ts";
import type { CommitInput, CommitOutput, StoreOptions } from "./store-call.ts";
import type { Tally } from "./tally.ts";

/** Stores new events, each identity once, as long as there is room. */
export class AppendRows {
  readonly #options: StoreOptions;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #deliver: StatementSync;
  readonly #readSeq: StatementSync;
  readonly #writeSeq: StatementSync;

  constructor(db: DatabaseSync, options: StoreOptions) {
    this.#options = options;
    this.#insert = db.prepare(`
      INSERT INTO events (key, tenant_id, event_id, meter_id, usage_time, total_usage, bytes, fingerprint, lane,
                          producer, seq, recorded_at, holder, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, event_id) DO NOTHING`);
    this.#find = db.prepare("SELECT state, fingerprint FROM events WHERE tenant_id = ? AND event_id = ?");
    this.#deliver = db.prepare(
      "UPDATE events SET customer_id = ?, attempts = ?, first_sent_at = ? WHERE key = ?",
    );
    this.#readSeq = db.prepare("SELECT last_seq FROM producers WHERE id = ?");
    this.#writeSeq = db.prepare("UPDATE producers SET last_seq = ? WHERE id = ?");
  }

  append(
    input: CommitInput,
    owner: number,
    tally: Tally,
  ): Pick<CommitOutput, "firstKey" | "firstSeq" | "others"> {
    const { appendTexts: texts, appendNumbers: numbers, now } = input;
    const count = texts.length / 4;
    if (count === 0) return { firstKey: 0, firstSeq: 0, others: [] };

    const firstKey = tally.nextKey;
    const firstSeq = readNumber(this.#readSeq.get(owner), "last_seq") + 1;
    const others: [number, Appended][] = [];
    const deliveries = new Map(input.appendDeliveries.map((delivery) => [delivery.index, delivery]));
    let seq = firstSeq;
    for (let index = 0; index < count; index++) {
      const text = (column: number) => texts[index * 4 + column] ?? "";
      const number = (column: number) => numbers[index * 6 + column] ?? 0;
      const tenant_id = text(0);
      const event_id = text(1);
      const meter_id = text(2);
      const usage_time = number(0);
      const usage = number(1);
      const bytes = number(2);
      const fingerprint = number(3);
      const full =
        tally.pendingEvents >= this.#options.maxEvents || tally.pendingBytes + bytes > this.#options.maxBytes;
      const stored =
        !full &&
        this.#insert.run(
          tally.nextKey,
          tenant_id,
          event_id,
          meter_id,
          usage_time,
          Number.isNaN(usage) ? null : usage,
          bytes,
          fingerprint,
          number(4),
          owner,
          seq,
          now,
          number(5) === 1 ? owner : null,
          text(3),
        ).changes === 1;
      if (!stored) {
        others.push([index, this.#known(tenant_id, event_id, fingerprint) ?? { state: "full" }]);
        continue;
      }
      const delivery = deliveries.get(index);
      if (delivery !== undefined) {
        const { customer_id, attempts, firstSentAt } = delivery;
        this.#deliver.run(customer_id, attempts, firstSentAt ?? null, tally.nextKey);
      }
      tally.nextKey++;
      seq++;
      tally.pendingEvents++;
      tally.pendingBytes += bytes;
      tally.count(meter_id, "recorded", 1);
      tally.count(meter_id, "pending", 1);
      tally.recorded(
        tenant_id,
        meter_id,
        Math.floor(usage_time / HOUR_MS) * HOUR_MS,
        Number.isNaN(usage) ? 0 : usage,
      );
    }
    if (seq > firstSeq) this.#writeSeq.run(seq - 1, owner);
    return { firstKey, firstSeq, others };
  }

  #known(tenant_id: string, event_id: string, fingerprint: number): Appended | undefined {
    const row = this.#find.get(tenant_id, event_id);
    if (row === undefined) return undefined;
    if (readNumber(row, "fingerprint") !== fingerprint) return { state: "conflict" };
    return { state: "repeat", where: stateName(readNumber(row, "state")) };
  }
}
