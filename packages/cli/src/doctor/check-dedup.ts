import { createEventId, MeterClient } from "@meter-lib/core";
import type { Ways } from "../backend/connect.ts";
import type { Finding } from "./finding.ts";

const METER = "page.processed.basic";

/** Posts one event of 0 units twice, under one id. Shows whether events are accepted and whether an id is counted once. */
export const checkDedup = async (
  { connection, transport, customerLookup }: Ways,
  tenant: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> => {
  await using client = new MeterClient({ transport, customerLookup });
  const event = {
    tenant_id: tenant,
    device_id: "meter-doctor",
    meter_id: METER,
    total_usage: 0,
    event_id: createEventId(Date.now()),
  } as const;
  const first = await client.post(event, { signal });
  if (!first.ok)
    return [{ check: "event", state: "bad", found: first.error.message, advice: "see the lines above" }];
  const taken: Finding = {
    check: "event",
    state: "good",
    found: `an event of 0 units of ${METER} was accepted`,
  };
  const second = await client.post(event, { signal });
  if (second.ok && second.duplicate) {
    const found = "the same id is recognized as a duplicate";
    return [taken, { check: "dedup", state: "good", found, advice: "--dedup is safe here" }];
  }
  const words =
    connection.dialect === "kafka-rest"
      ? "responses of this dialect do not report duplicates"
      : "the same id is accepted a second time";
  return [
    taken,
    {
      check: "dedup",
      state: connection.dialect === "kafka-rest" ? "unknown" : "warn",
      found: words,
      advice: "use --dedup only if the operator of the backend confirms that it counts an id once",
    },
  ];
};
