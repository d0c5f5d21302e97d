import type { TraceRequest } from "@meter-lib/trace";
import type { MeterClient, Receipt } from "meter-lib";
import type { demoCatalog } from "./demo-catalog.ts";
import { type TenantId, tenantOf, tenants } from "./tenants.ts";

export type DemoClient = MeterClient<typeof demoCatalog, "device_id">;

/** The trace has no durations: the demo takes 20 ms for each generated token. */
const MS_PER_TOKEN = 20;
/** And counts a page for each 500 tokens of context that were begun. */
const TOKENS_PER_PAGE = 500;
export const EVENTS_PER_REQUEST = 4;

const STORE_EVERY = 1_000;

/** Records each request as its tenant's usage, at the time it has in the trace. Goes no faster than the outbox stores. */
export const replayTrace = async (client: DemoClient, trace: readonly TraceRequest[]): Promise<void> => {
  for (const [n, request] of trace.entries()) {
    const last = recordRequest(client, request, tenantOf(n));
    if (n % STORE_EVERY === 0) await last.durable;
  }
};

const recordRequest = (
  client: DemoClient,
  { time, contextTokens, generatedTokens }: TraceRequest,
  tenant_id: TenantId,
): Receipt => {
  const request = { tenant_id, event_time: time };
  client.record({ ...request, meter_id: "llm.context.tokens", total_usage: contextTokens });
  client.record({ ...request, meter_id: "llm.generated.tokens", total_usage: generatedTokens });
  client.record({
    ...request,
    meter_id: "page.processed.basic",
    total_usage: Math.ceil(contextTokens / TOKENS_PER_PAGE),
  });
  return client.record({
    ...request,
    meter_id: "chat.query.time_secs",
    start_time: time,
    end_time: time + generatedTokens * MS_PER_TOKEN,
  });
};

/**
 * Posts one report for each tenant, twice under one id, as a caller does who has lost the first answer.
 *
 * @throws Error when the backend does not take one
 */
export const postReports = async (client: DemoClient, event_time: number): Promise<void> => {
  for (const tenant_id of Object.keys(tenants)) {
    const event_id = `report-${tenant_id}`;
    for (const attempt of ["first", "second"]) {
      const result = await client.post({
        tenant_id,
        meter_id: "report.generated.small",
        total_usage: 1,
        event_id,
        event_time,
      });
      if (!result.ok)
        throw new Error(`the ${attempt} report of ${tenant_id}: ${result.error.message}`, {
          cause: result.error,
        });
    }
  }
};
