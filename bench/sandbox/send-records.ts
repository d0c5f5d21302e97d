// The process that loads the backend: URL EVENTS.
import { createEventId } from "@meter-lib/core";
import { Pool } from "undici";
import { endWithParent, tellParent } from "../harness/parent.ts";
import { Gate } from "../throughput/contestants/gate.ts";
import { BATCH, BATCHES_IN_FLIGHT } from "../throughput/contestants/in-batches.ts";
import { usage, usageRecord } from "../throughput/contestants/usage.ts";

const [url = "", count = "0"] = process.argv.slice(2);
const events = Number(count);
endWithParent();

const record = (index: number) => {
  const { value } = usageRecord(index);
  const { tenant_id, device_id } = usage(index);
  const metadata = {
    "meter.event_id": createEventId(value.event_time),
    "meter.tenant_id": tenant_id,
    "meter.device_id": device_id,
  };
  return { value: { ...value, metadata } };
};

const bodies = Array.from({ length: Math.ceil(events / BATCH) }, (_, batch) => {
  const length = Math.min(BATCH, events - batch * BATCH);
  return JSON.stringify({ records: Array.from({ length }, (_, index) => record(batch * BATCH + index)) });
});

const pool = new Pool(url, { connections: BATCHES_IN_FLIGHT });
const headers = { "content-type": "application/vnd.kafka.json.v2+json" };

const perSecond = async (): Promise<number> => {
  const gate = new Gate(BATCHES_IN_FLIGHT);
  const startedAt = performance.now();
  for (const body of bodies) {
    await gate.run(async () => {
      const answer = await pool.request({ method: "POST", path: "/topics/usage-events", headers, body });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}: ${text.slice(0, 200)}`);
    });
  }
  await gate.empty();
  return (events / (performance.now() - startedAt)) * 1_000;
};

const newPerSecond = await perSecond();
const repeatsPerSecond = await perSecond();
await tellParent({ newPerSecond, repeatsPerSecond });
process.exit();
