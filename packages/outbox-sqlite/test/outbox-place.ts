import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { EventRecord, Outbox } from "@meter-lib/core";
import { sqliteOutbox } from "../src/index.ts";
import { event } from "./outbox-use.ts";
import { storeFolder } from "./store-folder.ts";

const HOUR = 3_600_000;
export const START = 1_768_473_000_000;
export const TENANTS = ["tenant-1", "tenant-2", 'tenant "3" 三'];
export const METERS = ["api_calls", "storage"];

/** What is said of an event: which tenant and meter, by number, and how many hours after the first. */
export interface Recorded {
  readonly tenant: number;
  readonly meter: number;
  readonly hour: number;
}

/** A file and the outbox on it. A power cut leaves a copy of the file, and nobody who holds anything. */
export class OutboxPlace implements Disposable {
  readonly #isFirst: boolean;
  #folder = storeFolder();
  outbox: Outbox;
  /** What the outbox holds, by key. */
  held = new Map<number, EventRecord>();

  constructor(isFirst: boolean) {
    this.#isFirst = isFirst;
    this.outbox = this.#outbox();
  }

  /** An event whose identity was made for it, or, in the other place, may have been given. */
  event(event_id: string, { tenant, meter, hour }: Recorded): EventRecord {
    const record = event(event_id, {
      tenant_id: TENANTS[tenant] ?? "",
      meter_id: METERS[meter] ?? "",
      event_time: START + hour * HOUR,
      total_usage: 1 + hour,
      metadata: meter === 0 ? { note: 'a "line"\nand 三' } : undefined,
    });
    record.lane = hour === 2 ? "backfill" : "live";
    record.mayBeRepeat = !this.#isFirst;
    return record;
  }

  async reopen(): Promise<void> {
    await this.outbox.close();
    this.outbox = this.#outbox();
    this.held.clear();
    await this.outbox.open();
  }

  async cutPower(): Promise<void> {
    const before = this.#folder;
    const left = this.outbox;
    this.#folder = storeFolder();
    for (const suffix of ["", "-wal"]) {
      if (existsSync(before.path + suffix)) copyFileSync(before.path + suffix, this.#folder.path + suffix);
    }
    await left.close();
    before[Symbol.dispose]();
    this.outbox = this.#outbox();
    this.held.clear();
    await this.outbox.open();
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  #outbox(): Outbox {
    return sqliteOutbox({
      path: join(this.#folder.folder, "outbox.db"),
      thread: "main",
      limits: { maxEvents: 30 },
    });
  }
}
