import type { RuntimeFields } from "@meter-lib/core/wire";
import { readTrace } from "@meter-lib/trace";

/** An event that a writer writes into its journal before it records it. */
export interface WriterEvent extends RuntimeFields {
  readonly event_id: string;
  readonly tenant_id: string;
  readonly meter_id: string;
  readonly event_time: number;
  readonly session_id?: string;
}

export const TENANTS: Readonly<Record<string, string>> = {
  acme: "cust_acme",
  "acme-labs": "cust_acme",
  globex: "cust_globex",
  initech: "cust_initech",
  umbrella: "cust_umbrella",
  hooli: "cust_hooli",
  "pied-piper": "cust_pied-piper",
};

const KINDS = 6;
const HOUR_MS = 3_600_000;
const MS_PER_TOKEN = 20;
const TOKENS_PER_PAGE = 500;

/**
 * The nth event of a writer, the same at every call: writers share the trace's requests among them and go round it again, an
 * hour later each time. Each request is six events, one of them a boundary of a session that spans two requests.
 */
export const writerEvents = (writer: number, writers: number): ((n: number) => WriterEvent) => {
  const trace = readTrace();
  const tenants = Object.keys(TENANTS);
  return (n) => {
    const turn = Math.floor(n / KINDS);
    const place = turn * writers + writer;
    const request = trace[place % trace.length];
    if (request === undefined) throw new Error("the trace is empty");
    const time = request.time + Math.floor(place / trace.length) * HOUR_MS;
    // Both requests of a session have one tenant.
    const session = Math.floor(turn / 2);
    const common = {
      event_id: `writer-${writer}-event-${String(n).padStart(9, "0")}`,
      tenant_id: tenants[(session * writers + writer) % tenants.length] ?? "",
      event_time: time,
    };
    switch (n % KINDS) {
      case 0:
        return { ...common, meter_id: "llm.context.tokens", total_usage: request.contextTokens };
      case 1:
        return { ...common, meter_id: "llm.generated.tokens", total_usage: request.generatedTokens };
      case 2:
        return {
          ...common,
          meter_id: "page.processed.basic",
          total_usage: Math.ceil(request.contextTokens / TOKENS_PER_PAGE),
        };
      case 3:
        return {
          ...common,
          meter_id: "chat.query.time_secs",
          start_time: time,
          end_time: time + request.generatedTokens * MS_PER_TOKEN,
        };
      case 4:
        return { ...common, meter_id: "document.storage.size_gb", total_usage: 100 + (turn % 900) };
      default:
        return {
          ...common,
          meter_id: "chat.on.time_hours",
          session_id: `writer-${writer}-session-${session}`,
          ...(turn % 2 === 0 ? { start_time: time } : { end_time: time }),
        };
    }
  };
};
