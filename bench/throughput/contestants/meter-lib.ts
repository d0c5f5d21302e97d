import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient, memoryOutbox, type Outbox, type Transport } from "@meter-lib/core";
import { cachedLookup, httpCustomerLookup } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { undiciSend } from "@meter-lib/transport-fetch/undici";
import type { Contestant, Load } from "../contestant.ts";
import { BATCHES_IN_FLIGHT } from "./in-batches.ts";
import { SINGLES_IN_FLIGHT, singly } from "./singly.ts";
import { usage } from "./usage.ts";

const DAY_MS = 86_400_000;
/** More than `pnpm bench latency` records: a call that is refused is no call to time. */
const HELD_EVENTS = 500_000;
const FLUSH_MS = 115_000;
const HELD_BYTES = 512 * 1024 * 1024;

export interface OwnSetup {
  readonly dialect: "kafka-rest" | "events";
  readonly outbox: "memory" | "SQLite";
}

const transportTo = (baseUrl: string, dialect: OwnSetup["dialect"]): Transport =>
  fetchTransport({
    baseUrl,
    dialect,
    dedup: { windowMs: DAY_MS },
    send: undiciSend({ connections: dialect === "events" ? SINGLES_IN_FLIGHT : BATCHES_IN_FLIGHT }),
  });

/** A client as the benchmark runs it; its file is in the folder that a child has for itself. */
export const ownClient = (url: string, { dialect, outbox }: OwnSetup) => {
  const store: Outbox =
    outbox === "SQLite"
      ? sqliteOutbox({ path: join(tmpdir(), "outbox.db") })
      : memoryOutbox({ maxEvents: HELD_EVENTS, maxBytes: HELD_BYTES });
  const client = new MeterClient({
    transport: transportTo(url, dialect),
    customerLookup: cachedLookup(httpCustomerLookup({ baseUrl: url })),
    outbox: store,
    delivery: { onFull: "block", maxHeldEvents: HELD_EVENTS, maxHeldBytes: HELD_BYTES },
  });
  return {
    client,
    flush: async () => {
      if (!(await client.flush({ timeoutMs: FLUSH_MS }))) throw new Error("not delivered in two minutes");
    },
    close: async () => {
      await client.close();
    },
  };
};

const EVENTS_BETWEEN_LOOKS = 2_500;

/** A producer that never stops: it waits when delivery is a good deal behind, so that what waits stays bounded. */
export const recording = (url: string, setup: OwnSetup, tenants = 1): Load => {
  const { client, flush, close } = ownClient(url, setup);
  let untilNextLook = EVENTS_BETWEEN_LOOKS;
  let earlier: Promise<unknown> | undefined;
  return {
    send: (index) => {
      const receipt = client.record(usage(index, tenants));
      if (--untilNextLook > 0) return;
      untilNextLook = EVENTS_BETWEEN_LOOKS;
      const settled = earlier;
      earlier = receipt.settled;
      return settled?.then(() => {});
    },
    flush,
    close,
  };
};

const posting = (url: string): Load => {
  const client = new MeterClient({
    transport: transportTo(url, "events"),
    customerLookup: cachedLookup(httpCustomerLookup({ baseUrl: url })),
  });
  const load = singly(async (index) => {
    const result = await client.post(usage(index));
    if (!result.ok) throw result.error;
  });
  return {
    ...load,
    close: async () => {
      await client.close();
    },
  };
};

const recorder = (setup: OwnSetup): Contestant => ({
  name: `meter-lib record, ${setup.dialect}, ${setup.outbox}`,
  promise: setup.outbox === "SQLite" ? "durable before it leaves" : "in memory",
  requests: setup.dialect === "events" ? "single" : "batches",
  share: setup.dialect === "events" ? 0.2 : 1,
  prepare: async (url) => recording(url, setup),
});

export const meterLib: readonly Contestant[] = [
  recorder({ dialect: "kafka-rest", outbox: "memory" }),
  recorder({ dialect: "kafka-rest", outbox: "SQLite" }),
  recorder({ dialect: "events", outbox: "memory" }),
  recorder({ dialect: "events", outbox: "SQLite" }),
  {
    name: "meter-lib post, events",
    promise: "none",
    requests: "single",
    share: 0.2,
    prepare: async (url) => posting(url),
  },
];
