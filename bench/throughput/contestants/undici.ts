import { Pool } from "undici";
import type { Contestant } from "../contestant.ts";
import { Gate } from "./gate.ts";
import { usage } from "./usage.ts";

// Hand-written, without ids, checks, retries or accounts: what the machine can do with Node's fastest HTTP client.
const BATCH = 500;
const BATCHES_IN_FLIGHT = 4;
const SINGLES_IN_FLIGHT = 64;

const post = async (
  pool: Pool,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<void> => {
  const answer = await pool.request({ method: "POST", path, headers, body });
  await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`);
};

export const undici: readonly Contestant[] = [
  {
    name: "undici, batches of 500",
    promise: "none",
    prepare: async (url) => {
      const pool = new Pool(url, { connections: BATCHES_IN_FLIGHT });
      const gate = new Gate(BATCHES_IN_FLIGHT);
      const headers = { "content-type": "application/vnd.kafka.json.v2+json" };
      let records: object[] = [];
      const leave = () => {
        const body = JSON.stringify({ records });
        records = [];
        return gate.run(() => post(pool, "/topics/usage-events", headers, body));
      };
      return {
        send: (index) => {
          const { meter_id, total_usage } = usage(index);
          records.push({
            value: { meter_id, customer_id: "cust_001", total_usage, event_time: Date.now(), metadata: {} },
          });
          return records.length === BATCH ? leave() : undefined;
        },
        flush: async () => {
          if (records.length > 0) await leave();
          await gate.empty();
        },
        close: () => pool.close(),
      };
    },
  },
  {
    name: "undici, one event per POST",
    promise: "none",
    prepare: async (url) => {
      const pool = new Pool(url, { connections: SINGLES_IN_FLIGHT });
      const gate = new Gate(SINGLES_IN_FLIGHT);
      return {
        send: (index) => {
          const { meter_id, total_usage, tenant_id, device_id } = usage(index);
          const headers = {
            "content-type": "application/json",
            "x-tenant-id": tenant_id,
            "x-device-id": device_id,
          };
          const body = JSON.stringify({ meter_id, total_usage, customer_id: "cust_001" });
          return gate.run(() => post(pool, "/api/v1/events", headers, body));
        },
        flush: () => gate.empty(),
        close: () => pool.close(),
      };
    },
  },
];
