// SDKs that queue in memory, as their documentation shows them ("default") and as fast as their options make them ("tuned").
import type { Contestant, Load } from "../contestant.ts";
import { BATCH } from "./in-batches.ts";
import { usage } from "./usage.ts";

const LINGER_MS = 1_000;
const QUEUE = 1_000_000;

const trackOf = (index: number) => {
  const { meter_id, total_usage } = usage(index);
  return { userId: "cust_001", event: meter_id, properties: { total_usage } };
};

const segment = async (
  url: string,
  settings: { readonly flushAt?: number; readonly flushInterval?: number },
): Promise<Load> => {
  const { Analytics } = await import("@segment/analytics-node");
  const analytics = new Analytics({ writeKey: "key", host: url, ...settings });
  return {
    send: (index) => analytics.track(trackOf(index)),
    flush: () => analytics.flush(),
    close: () => analytics.closeAndFlush(),
  };
};

interface PostHogSettings {
  readonly flushAt?: number;
  readonly maxBatchSize?: number;
  readonly maxQueueSize?: number;
  readonly flushInterval?: number;
  readonly disableCompression?: boolean;
}

const postHog = async (url: string, settings: PostHogSettings): Promise<Load> => {
  const { PostHog } = await import("posthog-node");
  const client = new PostHog("key", { host: url, ...settings });
  return {
    send: (index) => {
      const { userId, event, properties } = trackOf(index);
      client.capture({ distinctId: userId, event, properties });
    },
    flush: () => client.flush(),
    close: () => client.shutdown(),
  };
};

const rudderStack = async (url: string, settings: object): Promise<Load> => {
  const { default: RudderAnalytics } = await import("@rudderstack/rudder-sdk-node");
  const client = new RudderAnalytics("key", { dataPlaneUrl: url, logLevel: "error", ...settings });
  return {
    send: (index) => {
      client.track(trackOf(index));
    },
    flush: async () => {
      await client.flush();
    },
    close: async () => {},
  };
};

/** There is no call that delivers all; closing it drops what queues behind a batch that is on its way. */
const schematic = async (url: string, settings: { readonly eventBufferInterval?: number }): Promise<Load> => {
  const { SchematicClient } = await import("@schematichq/schematic-typescript-node");
  const addresses = { basePath: url, eventCaptureBaseURL: `${url}/schematic` };
  const client = new SchematicClient({ apiKey: "key", ...addresses, ...settings });
  return {
    send: (index) => {
      const { userId, event, properties } = trackOf(index);
      return client.track({ company: { id: userId }, event, quantity: properties.total_usage });
    },
    flush: async () => {},
    close: () => client.close(),
  };
};

export const queueingPeers: readonly Contestant[] = [
  {
    name: "Segment analytics-node, default",
    promise: "in memory",
    requests: "batches",
    share: 0.1,
    prepare: (url) => segment(url, {}),
  },
  {
    name: "Segment analytics-node, tuned",
    promise: "in memory",
    requests: "batches",
    prepare: (url) => segment(url, { flushAt: BATCH, flushInterval: LINGER_MS }),
  },
  {
    name: "posthog-node, default",
    promise: "in memory",
    requests: "batches",
    prepare: (url) => postHog(url, {}),
  },
  {
    name: "posthog-node, tuned",
    promise: "in memory",
    requests: "batches",
    prepare: (url) =>
      postHog(url, {
        flushAt: BATCH,
        maxBatchSize: BATCH,
        maxQueueSize: QUEUE,
        flushInterval: LINGER_MS,
        disableCompression: true,
      }),
  },
  {
    name: "RudderStack node, default",
    promise: "in memory",
    requests: "batches",
    share: 0.05,
    prepare: (url) => rudderStack(url, {}),
  },
  {
    name: "RudderStack node, tuned",
    promise: "in memory",
    requests: "batches",
    share: 0.05,
    // It writes its whole queue as JSON at each event to learn its size: larger batches make it slower.
    prepare: (url) => rudderStack(url, { maxInternalQueueSize: QUEUE, gzip: false }),
  },
  {
    name: "Schematic SDK, default",
    promise: "in memory",
    requests: "batches",
    share: 0.2,
    prepare: (url) => schematic(url, {}),
  },
  {
    name: "Schematic SDK, tuned",
    promise: "in memory",
    requests: "batches",
    prepare: (url) => schematic(url, { eventBufferInterval: 50 }),
  },
];
