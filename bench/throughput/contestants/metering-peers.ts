// SDKs of metering backends. They keep no events: what is not acknowledged is the caller's to repeat.
import type { Contestant } from "../contestant.ts";
import { inBatches } from "./in-batches.ts";
import { singly } from "./singly.ts";
import { usage } from "./usage.ts";

const cloudEvent = (index: number) => {
  const { meter_id, total_usage } = usage(index);
  return { type: meter_id, subject: "cust_001", data: { total_usage } };
};

const polarEvent = (index: number) => {
  const { meter_id, total_usage } = usage(index);
  return { name: meter_id, customerId: "cust_001", metadata: { total_usage } };
};

const openMeter = async (url: string) => {
  const { OpenMeter } = await import("@openmeter/sdk");
  return new OpenMeter({ baseUrl: `${url}/openmeter`, apiKey: "key" });
};

const polar = async (url: string) => {
  const { Ingestion } = await import("@polar-sh/ingestion");
  return Ingestion({ accessToken: "key", serverURL: `${url}/polar` });
};

export const meteringPeers: readonly Contestant[] = [
  {
    name: "OpenMeter SDK, one event per call",
    promise: "none",
    requests: "single",
    share: 0.2,
    prepare: async (url) => {
      const client = await openMeter(url);
      return singly((index) => client.events.ingest(cloudEvent(index)));
    },
  },
  {
    name: "OpenMeter SDK, hand-made batches of 500",
    promise: "none",
    requests: "batches",
    prepare: async (url) => {
      const client = await openMeter(url);
      return inBatches(cloudEvent, (events) => client.events.ingest([...events]));
    },
  },
  {
    name: "Polar ingestion, one event per call",
    promise: "none",
    requests: "single",
    share: 0.05,
    prepare: async (url) => {
      const client = await polar(url);
      return singly((index) => client.ingest([polarEvent(index)]));
    },
  },
  {
    name: "Polar ingestion, hand-made batches of 500",
    promise: "none",
    requests: "batches",
    prepare: async (url) => {
      const client = await polar(url);
      return inBatches(polarEvent, (events) => client.ingest([...events]));
    },
  },
];
