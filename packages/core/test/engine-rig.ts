import { fakeClock } from "../../testing/src/fake-clock.ts";
import type { MeterClientStrategies } from "../src/client/meter-client-options.ts";
import { type CustomerLookup, type DeliveryOptions, MeterClient, memoryTransport } from "../src/index.ts";
import type { LookupAnswer, MemoryTransport, MemoryTransportOptions } from "../src/transport.ts";

export const DAY_MS = 86_400_000;
export const ALWAYS_DEDUP = { windowMs: 365 * DAY_MS };

export interface RigOptions extends Partial<MeterClientStrategies> {
  readonly receiver?: MemoryTransportOptions;
  readonly delivery?: DeliveryOptions;
}

/** A client on a virtual clock, without jitter, and with every tenant's customer known unless a test overrides it. */
export const engineRig = ({ receiver = {}, ...options }: RigOptions = {}) => {
  const clock = fakeClock();
  const transport: MemoryTransport = memoryTransport({ dedup: ALWAYS_DEDUP, ...receiver });
  const client = new MeterClient({
    transport,
    customerLookup: everybody,
    clock,
    random: () => 1,
    ...options,
  });
  return { clock, transport, client };
};

export const everybody: CustomerLookup = {
  lookup: async (tenant_id): Promise<LookupAnswer> => ({
    state: "found",
    customer_id: `customer of ${tenant_id}`,
  }),
};

let lastId = 0;

/** One event of a tenant, with an id of its own. */
export const usage = (tenant_id = "tenant-a", fields: { readonly event_id?: string } = {}) => ({
  event_id: `e${++lastId}`,
  tenant_id,
  device_id: "device-1",
  meter_id: "page.processed.basic" as const,
  total_usage: 1,
  ...fields,
});

export const recordMany = (client: MeterClient, count: number, tenant_id?: string) =>
  Array.from({ length: count }, () => client.record(usage(tenant_id)));

export const batchSizes = (transport: MemoryTransport): readonly number[] =>
  transport.batches.map(({ events }) => events.length);
