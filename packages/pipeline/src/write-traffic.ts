import { createEventId } from "@meter-lib/core";
import type { OutgoingEvent } from "@meter-lib/core/transport";
import { kafkaTransport } from "@meter-lib/transport-kafka";
import { pipelineCatalog } from "./pipeline-catalog.ts";
import { writerEvents } from "./writer-events.ts";

const BATCH = 2_000;
const AT_ONCE = 4;
const TENANTS = 1_000;
const TIMEOUT_MS = 60_000;

/** Tenants are of very different size: the nth has a share of 1/n (Zipf), and each is one customer. */
export const tenantPicker = (tenants: number): ((place: number) => number) => {
  const ends: number[] = [];
  let sum = 0;
  for (let n = 1; n <= tenants; n++) {
    sum += 1 / n;
    ends.push(sum);
  }
  return (place) => {
    // Weyl's sequence: even over 0 to 1, and the same at every call.
    const at = ((place * 0.618_033_988_749_894_9) % 1) * sum;
    const found = ends.findIndex((end) => end > at);
    return found < 0 ? tenants - 1 : found;
  };
};

/** Writes the trace's usage into `usage-events` as the SDK does, with ids as the SDK makes them, from many tenants. */
export const writeTraffic = async (brokers: readonly string[], events: number): Promise<void> => {
  const transport = kafkaTransport({ brokers, timeoutMs: TIMEOUT_MS });
  const eventAt = writerEvents(0, 1);
  const tenantOf = tenantPicker(TENANTS);
  const outgoing = (n: number): OutgoingEvent => {
    const event = eventAt(n);
    const tenant = tenantOf(Math.floor(n / 12));
    return {
      device_id: "device-1",
      total_usage: undefined,
      start_time: undefined,
      end_time: undefined,
      metadata: undefined,
      session_id: undefined,
      ...event,
      event_id: createEventId(event.event_time),
      type: pipelineCatalog[event.meter_id]?.type ?? "volume",
      tenant_id: `tenant-${tenant}`,
      customer_id: `cust_${tenant}`,
      producer: `producer-${n % AT_ONCE}`,
      seq: Math.floor(n / AT_ONCE) + 1,
    };
  };
  let next = 0;
  const lane = async () => {
    while (next < events) {
      const from = next;
      next += BATCH;
      const batch = Array.from({ length: Math.min(BATCH, events - from) }, (_, i) => outgoing(from + i));
      const { outcomes, fault } = await transport.send(
        { events: batch },
        { signal: AbortSignal.timeout(TIMEOUT_MS), deadline: Date.now() + TIMEOUT_MS },
      );
      const bad = outcomes?.find(({ state }) => state !== "acknowledged");
      if (fault !== undefined || bad !== undefined) throw new Error(JSON.stringify(fault ?? bad));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await transport[Symbol.asyncDispose]?.();
};
