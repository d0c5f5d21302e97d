import { createEventId } from "@meter-lib/core";
import type { Contestant, Load } from "../contestant.ts";
import { BATCHES_IN_FLIGHT, inBatches } from "./in-batches.ts";
import { SINGLES_IN_FLIGHT, singly } from "./singly.ts";
import { usage, usageRecord, usageRequest } from "./usage.ts";

// Hand-written, without checks, retries or accounts: what the machine can do with Node's fastest HTTP client.
const RECORDS = { "content-type": "application/vnd.kafka.json.v2+json" };

const poster = async (url: string, path: string, connections: number) => {
  const { Pool } = await import("undici");
  const pool = new Pool(url, { connections });
  const post = async (headers: Readonly<Record<string, string>>, body: string): Promise<void> => {
    const answer = await pool.request({ method: "POST", path, headers, body });
    await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`);
  };
  return { post, close: () => pool.close() };
};

const batches = async (url: string, recordOf: (index: number) => object): Promise<Load> => {
  const { post, close } = await poster(url, "/topics/usage-events", BATCHES_IN_FLIGHT);
  return { ...inBatches(recordOf, (records) => post(RECORDS, JSON.stringify({ records }))), close };
};

/** What ours sends of an event: it has an id, a producer and a number, so that it is counted once and a gap is seen. */
const recordWithIds = (index: number, producer: string) => {
  const { value } = usageRecord(index);
  const { tenant_id, device_id } = usage(index);
  const metadata = {
    "meter.event_id": producer,
    "meter.tenant_id": tenant_id,
    "meter.device_id": device_id,
    "meter.producer": producer,
    "meter.seq": String(index + 1),
  };
  return { value: { ...value, metadata } };
};

export const UNDICI_BATCHES = "undici, batches of 500";
export const UNDICI_BATCHES_SAME_BYTES = "undici, batches of 500, the bytes of ours";
export const UNDICI_SINGLE = "undici, one event per POST";

export const undici: readonly Contestant[] = [
  {
    name: UNDICI_BATCHES,
    promise: "none",
    requests: "batches",
    prepare: (url) => batches(url, usageRecord),
  },
  {
    name: UNDICI_BATCHES_SAME_BYTES,
    promise: "none",
    requests: "batches",
    prepare: (url) => {
      const producer = createEventId(Date.now());
      return batches(url, (index) => recordWithIds(index, producer));
    },
  },
  {
    name: UNDICI_SINGLE,
    promise: "none",
    requests: "single",
    share: 0.2,
    prepare: async (url) => {
      const { post, close } = await poster(url, "/api/v1/events", SINGLES_IN_FLIGHT);
      const load = singly((index) => {
        const { headers, body } = usageRequest(index);
        return post(headers, body);
      });
      return { ...load, close };
    },
  },
];
