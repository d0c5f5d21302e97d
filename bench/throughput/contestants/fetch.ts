import type { Contestant } from "../contestant.ts";
import { inBatches } from "./in-batches.ts";
import { singly } from "./singly.ts";
import { usageRecord, usageRequest } from "./usage.ts";

// Hand-written, with the client that every Node has, and with the one that most services add to it.
export const handWrittenFetch: readonly Contestant[] = [
  {
    name: "fetch, batches of 500",
    promise: "none",
    requests: "batches",
    prepare: async (url) =>
      inBatches(usageRecord, async (records) => {
        const headers = { "content-type": "application/vnd.kafka.json.v2+json" };
        const body = JSON.stringify({ records });
        await (await fetch(`${url}/topics/usage-events`, { method: "POST", headers, body })).text();
      }),
  },
  {
    name: "fetch, one event per POST",
    promise: "none",
    requests: "single",
    share: 0.2,
    prepare: async (url) =>
      singly(async (index) =>
        (await fetch(`${url}/api/v1/events`, { method: "POST", ...usageRequest(index) })).text(),
      ),
  },
  {
    name: "ky, one event per POST",
    promise: "none",
    requests: "single",
    share: 0.2,
    prepare: async (url) => {
      const { default: ky } = await import("ky");
      return singly(async (index) => (await ky.post(`${url}/api/v1/events`, usageRequest(index))).text());
    },
  },
];
