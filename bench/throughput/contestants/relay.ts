import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEventId } from "@meter-lib/core";
import type { PageEvent } from "@meter-lib/core/wire";
import { createRelay, type DedupStore, memoryDedup } from "@meter-lib/relay";
import { sqliteDedup } from "@meter-lib/relay/sqlite";
import type { Contestant, Load } from "../contestant.ts";
import { inBatches } from "./in-batches.ts";
import { type OwnSetup, ownClient } from "./meter-lib.ts";
import { usage } from "./usage.ts";

/** As many as a page's request has room for. */
const PAGE_BATCH = 400;

/** Everything comes from one tenant within its window. */
const ROOMY = { maxEntries: 10_000_000, maxEntriesPerTenant: 10_000_000 };

const pageEvent = (index: number): PageEvent => {
  const { meter_id, total_usage } = usage(index);
  const event_time = Date.now();
  return { event_id: createEventId(event_time), meter_id, event_time, total_usage };
};

/** Batches as pages post them, taken by a relay in this process and delivered by its client. Making and parsing them is part of it. */
const relaying = (url: string, outbox: OwnSetup["outbox"], dedup: DedupStore): Load => {
  const { client, flush, close } = ownClient(url, { dialect: "kafka-rest", outbox });
  const { tenant_id, device_id } = usage(0);
  const relay = createRelay({
    authenticate: () => ({ tenant_id, device_id }),
    client,
    allowVolatile: outbox === "memory",
    dedup,
    origins: ["https://app.example.com"],
    rate: { device: false, tenant: false },
  });
  const headers = { "content-type": "application/json", origin: "https://app.example.com" };
  const load = inBatches(
    pageEvent,
    async (events) => {
      const body = JSON.stringify({ sent_at: Date.now(), events });
      const answer = await relay(
        new Request("https://app.example.com/meter", { method: "POST", headers, body }),
      );
      if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
    },
    PAGE_BATCH,
  );
  return {
    send: load.send,
    flush: async () => {
      await load.flush();
      await flush();
    },
    close,
  };
};

export const relay: readonly Contestant[] = [
  {
    name: "meter-lib relay, kafka-rest, memory",
    promise: "in memory",
    requests: "batches",
    prepare: async (url) => relaying(url, "memory", memoryDedup(ROOMY)),
  },
  {
    name: "meter-lib relay, kafka-rest, SQLite",
    promise: "durable before it leaves",
    requests: "batches",
    prepare: async (url) => relaying(url, "SQLite", sqliteDedup({ path: join(tmpdir(), "dedup.db") })),
  },
];
