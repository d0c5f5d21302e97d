import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lagoWebhook } from "@meter-lib/backends/lago";
import { MeterClient, type ReconcileBackend, type Reconciliation, type Transport } from "@meter-lib/core";
import type { LedgerKey } from "@meter-lib/core/store";
import { type OutgoingEvent, usageTime } from "@meter-lib/core/transport";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";

export interface LateRunOptions {
  readonly events: number;
  /** How many of them the backend rejects after it took them. */
  readonly rejected: number;
}

export interface LateRun {
  /** Before anything was taken back. */
  readonly found: Reconciliation;
  /** After the webhooks. */
  readonly reconciled: Reconciliation;
  /** After the dead letters were discarded. */
  readonly settled: Reconciliation;
  readonly stats: Awaited<ReturnType<MeterClient["stats"]>>;
  /** In milliseconds. */
  readonly times: Readonly<Record<"deliver" | "find" | "refute" | "reconcile", number>>;
}

const HOUR_MS = 3_600_000;
const HOURS = 6;
const TENANTS = ["a", "b", "c", "d"];
const IDS_PER_DELIVERY = 1_000;
const HMAC_KEY = "hmac_key";

/** A backend that takes everything, and later counts some of it no more. Knows what it counts by identity. */
class ForgetfulBackend implements ReconcileBackend {
  readonly #events = new Map<string, LedgerKey & { readonly event_id: string; readonly usage: number }>();
  readonly transport: Transport = {
    name: "forgetful",
    limits: { maxBatchEvents: 1_000 },
    send: async ({ events }) => {
      for (const event of events) this.#take(event);
      return { every: { state: "acknowledged" } };
    },
  };

  #take(event: OutgoingEvent): void {
    const { tenant_id, event_id, meter_id, total_usage = 0 } = event;
    const hour = Math.floor(usageTime(event) / HOUR_MS) * HOUR_MS;
    this.#events.set(`${tenant_id}/${event_id}`, { tenant_id, event_id, meter_id, hour, usage: total_usage });
  }

  /** Every nth event is rejected, until there are so many. */
  reject(count: number): readonly string[] {
    const step = Math.floor(this.#events.size / count);
    const ids = [...this.#events.keys()].filter((_, index) => index % step === 0).slice(0, count);
    for (const id of ids) this.#events.delete(id);
    return ids;
  }

  async ledger() {
    const rows = new Map<string, LedgerKey & { events: number; total_usage: number }>();
    for (const { tenant_id, meter_id, hour, usage } of this.#events.values()) {
      const key = `${tenant_id} ${meter_id} ${hour}`;
      const row = rows.get(key) ?? { tenant_id, meter_id, hour, events: 0, total_usage: 0 };
      rows.set(key, row);
      row.events++;
      row.total_usage += usage;
    }
    return [...rows.values()];
  }

  async ids(row: LedgerKey) {
    return [...this.#events.values()].flatMap((event) =>
      event.tenant_id === row.tenant_id && event.meter_id === row.meter_id && event.hour === row.hour
        ? [event.event_id]
        : [],
    );
  }
}

/** A delivery of Lago's `events.errors`, signed. */
const delivery = (ids: readonly string[]): Request => {
  const body = JSON.stringify({ webhook_type: "events.errors", events_errors: { invalid_code: ids } });
  return new Request("https://app.example/lago", {
    method: "POST",
    headers: {
      "x-lago-signature": createHmac("sha256", HMAC_KEY).update(body).digest("base64"),
      "x-lago-signature-algorithm": "hmac",
    },
    body,
  });
};

/** Delivers events, has some of them rejected late, finds that out, and sets the books right. */
export const lateRun = async ({ events, rejected }: LateRunOptions): Promise<LateRun> => {
  const folder = await mkdtemp(join(tmpdir(), "late-"));
  const backend = new ForgetfulBackend();
  const times = { deliver: 0, find: 0, refute: 0, reconcile: 0 };
  const timed = async <Value>(name: keyof typeof times, work: () => Promise<Value>): Promise<Value> => {
    const started = performance.now();
    const value = await work();
    times[name] += performance.now() - started;
    return value;
  };
  const client = new MeterClient({
    transport: backend.transport,
    customerLookup: staticCustomers(Object.fromEntries(TENANTS.map((tenant) => [tenant, tenant]))),
    outbox: sqliteOutbox({
      path: join(folder, "usage.db"),
      limits: { maxEvents: 2 * events, maxBytes: 4 * 1024 ** 3 },
      deadLetters: { maxEvents: 2 * rejected },
      tombstones: { max: 2 * events },
      retention: { acknowledgedMs: 86_400_000 },
    }),
    defaults: { device_id: "device" },
  });
  try {
    const since = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOURS * HOUR_MS;
    await timed("deliver", async () => {
      for (let i = 0; i < events; i++) {
        client.record({
          tenant_id: TENANTS[i % TENANTS.length] ?? "a",
          meter_id: "page.processed.basic",
          total_usage: 1 + (i % 7),
          event_time: since + Math.floor((i / events) * HOURS * HOUR_MS),
        });
        if (i % 5_000 === 4_999) await client.flush({ timeoutMs: 600_000 });
      }
      await client.flush({ timeoutMs: 600_000 });
    });
    const ids = backend.reject(rejected);
    const found = await timed("find", () => client.reconcile(backend));
    const handle = lagoWebhook({ client, hmacKey: HMAC_KEY });
    await timed("refute", async () => {
      for (let from = 0; from < ids.length; from += IDS_PER_DELIVERY) {
        const response = await handle(delivery(ids.slice(from, from + IDS_PER_DELIVERY)));
        if (response.status !== 200) throw new Error(`the webhook answered ${response.status}`);
      }
    });
    const reconciled = await timed("reconcile", () => client.reconcile(backend));
    await client.discard({ state: "rejected" }, "not to be billed");
    const settled = await client.reconcile(backend);
    return { found, reconciled, settled, stats: await client.stats(), times };
  } finally {
    await client.close();
    await rm(folder, { recursive: true });
  }
};
