import { MeterClient, memoryOutbox, memoryTransport } from "@meter-lib/core";
import type { MemoryTransport } from "@meter-lib/core/transport";
import type { PageBatchAnswer, PageEvent, PageEventResult } from "@meter-lib/core/wire";
import { createRelay, memoryDedup, type Principal, type Relay, type RelaySettings } from "../src/index.ts";

export const ORIGIN = "https://app.example.com";
const URL_OF_RELAY = "https://relay.example.com/meter";
export const PRINCIPAL: Principal = { tenant_id: "tenant_123", device_id: "web-1" };

export const customerLookup = {
  lookup: async (tenant_id: string) => ({ state: "found" as const, customer_id: `customer of ${tenant_id}` }),
};

export interface RelayUnderTest {
  readonly relay: Relay;
  readonly transport: MemoryTransport;
  readonly client: MeterClient;
}

/** A relay in front of a client whose outbox is memory. */
export const relayUnderTest = (
  options: Partial<RelaySettings> & { readonly allowVolatile?: boolean } = {},
): RelayUnderTest => {
  const transport = memoryTransport();
  const { clock } = options;
  const client = new MeterClient({
    transport,
    customerLookup,
    outbox: memoryOutbox(),
    ...(clock === undefined ? {} : { clock }),
  });
  const relay = createRelay({
    authenticate: () => PRINCIPAL,
    dedup: memoryDedup(),
    origins: [ORIGIN],
    client,
    allowVolatile: true,
    onError: () => {},
    ...options,
  });
  return { relay, transport, client };
};

export const pageEvent = (fields: Partial<PageEvent> = {}): PageEvent => ({
  event_id: "0198c2f0-0000-7000-8000-000000000001",
  meter_id: "page.processed.basic",
  event_time: Date.now(),
  total_usage: 24,
  ...fields,
});

export interface PageRequest {
  readonly body?: unknown;
  readonly text?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  readonly method?: string;
  readonly headers?: Record<string, string | undefined>;
}

/** A request as a page of `ORIGIN` makes it. */
export const pageRequest = ({ body, text, method = "POST", headers = {} }: PageRequest): Request => {
  const given = { origin: ORIGIN, "content-type": "application/json", ...headers };
  const sent = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
  return new Request(URL_OF_RELAY, {
    method,
    headers: Object.fromEntries(sent),
    ...(payload === undefined ? {} : { body: payload, duplex: "half" }),
  });
};

export const batchOf = (...events: readonly unknown[]) => ({ sent_at: Date.now(), events });

/** Posts events as a page does; the results. */
export const postEvents = async (
  relay: Relay,
  events: readonly unknown[],
  sent_at = Date.now(),
): Promise<readonly PageEventResult[]> => {
  const answer = await relay(pageRequest({ body: { sent_at, events } }));
  const { results }: PageBatchAnswer = JSON.parse(await answer.text());
  return results;
};
