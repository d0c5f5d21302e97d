// Other SDKs, as their documentation shows them ("default") and as fast as their options make them ("tuned").
import { OpenMeter } from "@openmeter/sdk";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { Analytics } from "@segment/analytics-node";
import ky from "ky";
import { PostHog } from "posthog-node";
import type { Contestant, Load } from "../contestant.ts";
import { Gate } from "./gate.ts";
import { usage } from "./usage.ts";

const BATCH = 500;
const BATCHES_IN_FLIGHT = 4;
const SINGLES_IN_FLIGHT = 64;

/** One call per event, so many at once. */
const singly = (call: (index: number) => Promise<unknown>): Load => {
  const gate = new Gate(SINGLES_IN_FLIGHT);
  return {
    send: (index) =>
      gate.run(async () => {
        await call(index);
      }),
    flush: () => gate.empty(),
    close: async () => {},
  };
};

/** Batches made by hand around a call that takes many. */
const inBatches = (call: (indices: readonly number[]) => Promise<unknown>): Load => {
  const gate = new Gate(BATCHES_IN_FLIGHT);
  let indices: number[] = [];
  const leave = () => {
    const batch = indices;
    indices = [];
    return gate.run(async () => {
      await call(batch);
    });
  };
  return {
    send: (index) => {
      indices.push(index);
      return indices.length === BATCH ? leave() : undefined;
    },
    flush: async () => {
      if (indices.length > 0) await leave();
      await gate.empty();
    },
    close: async () => {},
  };
};

const record = (index: number) => {
  const { meter_id, total_usage } = usage(index);
  return { value: { meter_id, customer_id: "cust_001", total_usage, event_time: Date.now(), metadata: {} } };
};

const single = (index: number) => {
  const { meter_id, total_usage, tenant_id, device_id } = usage(index);
  return {
    body: JSON.stringify({ meter_id, total_usage, customer_id: "cust_001" }),
    headers: { "content-type": "application/json", "x-tenant-id": tenant_id, "x-device-id": device_id },
  };
};

const cloudEvent = (index: number) => {
  const { meter_id, total_usage } = usage(index);
  return { type: meter_id, subject: "cust_001", data: { total_usage } };
};

const segment = (
  url: string,
  settings: { readonly flushAt?: number; readonly flushInterval?: number },
): Load => {
  const analytics = new Analytics({ writeKey: "key", host: url, ...settings });
  return {
    send: (index) =>
      analytics.track({
        userId: "cust_001",
        event: "page.processed.basic",
        properties: { total_usage: usage(index).total_usage },
      }),
    flush: () => analytics.flush(),
    close: () => analytics.closeAndFlush(),
  };
};

const postHog = (url: string, options: ConstructorParameters<typeof PostHog>[1]): Load => {
  const client = new PostHog("key", { host: url, ...options });
  return {
    send: (index) =>
      client.capture({
        distinctId: "cust_001",
        event: "page.processed.basic",
        properties: { total_usage: usage(index).total_usage },
      }),
    flush: () => client.flush(),
    close: () => client.shutdown(),
  };
};

export const peers: readonly Contestant[] = [
  {
    name: "fetch, batches of 500",
    promise: "none",
    prepare: async (url) =>
      inBatches(async (indices) => {
        const headers = { "content-type": "application/vnd.kafka.json.v2+json" };
        const body = JSON.stringify({ records: indices.map(record) });
        await (await fetch(`${url}/topics/usage-events`, { method: "POST", headers, body })).text();
      }),
  },
  {
    name: "fetch, one event per POST",
    promise: "none",
    prepare: async (url) =>
      singly(async (index) =>
        (await fetch(`${url}/api/v1/events`, { method: "POST", ...single(index) })).text(),
      ),
  },
  {
    name: "ky, one event per POST",
    promise: "none",
    prepare: async (url) =>
      singly(async (index) => (await ky.post(`${url}/api/v1/events`, single(index))).text()),
  },
  {
    name: "OpenMeter SDK, one event per call",
    promise: "none",
    prepare: async (url) => {
      const client = new OpenMeter({ baseUrl: `${url}/openmeter`, apiKey: "key" });
      return singly((index) => client.events.ingest(cloudEvent(index)));
    },
  },
  {
    name: "OpenMeter SDK, hand-made batches of 500",
    promise: "none",
    prepare: async (url) => {
      const client = new OpenMeter({ baseUrl: `${url}/openmeter`, apiKey: "key" });
      return inBatches((indices) => client.events.ingest(indices.map(cloudEvent)));
    },
  },
  { name: "Segment analytics-node, default", promise: "in memory", prepare: async (url) => segment(url, {}) },
  {
    name: "Segment analytics-node, tuned",
    promise: "in memory",
    prepare: async (url) => segment(url, { flushAt: BATCH, flushInterval: 1_000 }),
  },
  { name: "posthog-node, default", promise: "in memory", prepare: async (url) => postHog(url, {}) },
  {
    name: "posthog-node, tuned",
    promise: "in memory",
    prepare: async (url) =>
      postHog(url, { flushAt: BATCH, maxBatchSize: BATCH, maxQueueSize: 100_000, flushInterval: 1_000 }),
  },
  {
    name: "RudderStack node, default",
    promise: "in memory",
    prepare: async (url) => {
      const client = new RudderAnalytics("key", { dataPlaneUrl: url, logLevel: "error" });
      return {
        send: (index) => {
          client.track({
            userId: "cust_001",
            event: "page.processed.basic",
            properties: { total_usage: usage(index).total_usage },
          });
        },
        flush: async () => {
          await client.flush();
        },
        close: async () => {},
      };
    },
  },
];
