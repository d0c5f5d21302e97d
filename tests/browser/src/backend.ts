import type { Transport } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { createRelay, memoryDedup } from "@meter-lib/relay";
import { createSandbox } from "@meter-lib/sandbox";
import { fetchTransport } from "@meter-lib/transport-fetch";

/** Where events are counted behind a real relay: at the sandbox, or at a receiver that counts whatever comes, twice if it comes twice. */
export type BackendKind = "sandbox" | "no-dedup";

/** A real relay and what stands behind it. */
export interface Backend {
  /** Answers a page's request. */
  take(request: Request): Promise<Response>;
  /** How often each of the events was counted. */
  counted(ids: readonly string[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const TENANTS = { page: "cust_001" };
/** What the relay puts before the ids of this tenant's pages. */
const NAMESPACE = "page~7Kq2ZxVw:page:";

export const startBackend = async (kind: BackendKind): Promise<Backend> => {
  const { transport, counted, close } = kind === "sandbox" ? await sandboxBackend() : countingBackend();
  return {
    take: createRelay({
      authenticate: async () => ({ tenant_id: "page", device_id: "web" }),
      origins: () => true,
      rate: { device: false, tenant: false },
      dedup: memoryDedup(),
      // Some pages come back after eight days.
      policy: { maxAgeMs: 30 * DAY_MS },
      transport,
      customerLookup: staticCustomers(TENANTS),
    }),
    counted,
    close,
  };
};

const sandboxBackend = async () => {
  const sandbox = await createSandbox({ tenants: TENANTS });
  const countOf = async (event_id: string): Promise<number> => {
    const query = new URLSearchParams({ event_id: NAMESPACE + event_id, state: "accepted" });
    const answer = await fetch(`${sandbox.url}/sandbox/v1/events?${query}`);
    const { events }: { events: readonly unknown[] } = await answer.json();
    return events.length;
  };
  return {
    transport: fetchTransport({
      baseUrl: sandbox.url,
      // The other one has no place for metadata.
      dialect: "kafka-rest",
      dedup: { windowMs: DAY_MS },
    }),
    counted: (ids: readonly string[]) => Promise.all(ids.map(countOf)),
    close: () => sandbox.close(),
  };
};

const countingBackend = () => {
  const counts = new Map<string, number>();
  const transport: Transport = {
    name: "a receiver that drops nothing",
    send: async ({ events }) => {
      for (const { event_id } of events) counts.set(event_id, (counts.get(event_id) ?? 0) + 1);
      return { outcomes: events.map(() => ({ state: "acknowledged" as const })) };
    },
  };
  return {
    transport,
    counted: async (ids: readonly string[]) => ids.map((id) => counts.get(NAMESPACE + id) ?? 0),
    close: async () => {},
  };
};
