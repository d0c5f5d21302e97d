import { IngestEventsBody } from "@openmeter/sdk/zod";
import { type Received, type Receiver, type Reply, startReceiver } from "./receiver.ts";

export interface OpenMeterServer extends Receiver {
  /** The events that it keeps: without the repeats. */
  readonly events: readonly OpenMeterServerEvent[];
}

export interface OpenMeterServerEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time?: Date | null | undefined;
  readonly data?: unknown;
}

const problem = (status: number, title: string, detail: string): Reply => ({
  status,
  headers: { "content-type": "application/problem+json" },
  body: { type: "about:blank", status, title, detail },
});

const HOUR_MS = 3_600_000;

const usageOf = (data: unknown): number =>
  typeof data === "object" && data !== null && "total_usage" in data ? Number(data.total_usage) : 0;

/** Where ingest is, and how it says yes (openmeterio/openmeter, 7e57a39, api/openapi.yaml and api/v3/openapi.yaml). */
const STATUS_OF = new Map([
  ["/api/v1/events", 204],
  ["/api/v3/openmeter/events", 202],
  ["/v3/openmeter/events", 202],
]);

/**
 * OpenMeter's ingest as its server has it: one content type, letter by letter; a batch is taken or refused as a whole; events are told apart by
 * source and id, joined with a hyphen. Events are checked with the schema of OpenMeter's own SDK.
 */
export const openMeterServer = async ({
  apiKey,
  meters,
}: {
  readonly apiKey?: string;
  /** Event types of its meters; events of others are ingested, and found wrong later. @default all */
  readonly meters?: readonly string[];
} = {}): Promise<OpenMeterServer> => {
  const events = new Map<string, OpenMeterServerEvent>();

  const isMetered = (type: string): boolean => meters?.includes(type) ?? true;

  /** `GET /api/v1/meters/{slug}/query`, of a meter `SUM` of `$.total_usage`. */
  const query = (type: string, params: URLSearchParams): Reply => {
    if (!isMetered(type)) return problem(404, "Not Found", `meter ${type}`);
    const hours = new Map<number, number>();
    for (const { time, data, ...event } of events.values()) {
      const at = time?.getTime() ?? 0;
      if (event.type !== type || event.subject !== params.get("subject")) continue;
      if (at < Date.parse(params.get("from") ?? "") || at >= Date.parse(params.get("to") ?? "")) continue;
      const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
      hours.set(hour, (hours.get(hour) ?? 0) + usageOf(data));
    }
    const data = [...hours].map(([hour, value]) => ({
      value,
      windowStart: new Date(hour).toISOString(),
      windowEnd: new Date(hour + HOUR_MS).toISOString(),
      subject: params.get("subject"),
      groupBy: {},
    }));
    return { status: 200, body: { data, windowSize: "HOUR" } };
  };

  /** `GET /api/v3/openmeter/events`, pages of 2 whatever is asked. */
  const list = (params: URLSearchParams): Reply => {
    const from = Date.parse(params.get("filter[time][gte]") ?? "1970-01-01");
    const found = [...events.values()]
      .filter(
        ({ type, subject, time }) =>
          type === (params.get("filter[type][eq]") ?? type) &&
          subject === (params.get("filter[subject][eq]") ?? subject) &&
          (time?.getTime() ?? 0) >= from,
      )
      .sort((a, b) => (a.time?.getTime() ?? 0) - (b.time?.getTime() ?? 0));
    const at = Number(params.get("page[after]") ?? 0);
    const next = at + 2 < found.length ? `/api/v3/openmeter/events?page%5Bafter%5D=${at + 2}` : null;
    const data = found.slice(at, at + 2).map((event) => ({
      event,
      ingested_at: "2026-01-15T10:40:00Z",
      stored_at: "2026-01-15T10:40:01Z",
      ...(isMetered(event.type)
        ? {}
        : { validation_errors: [{ code: "event_without_meter", message: `no meter for ${event.type}` }] }),
    }));
    return { status: 200, body: { data, meta: { page: { size: 2, next, previous: null } } } };
  };

  const read = (path: string): Reply => {
    const { pathname, searchParams } = new URL(path, "http://localhost");
    const slug = /^\/api\/v1\/meters\/([^/]+)\/query$/.exec(pathname)?.[1];
    return slug === undefined ? list(searchParams) : query(decodeURIComponent(slug), searchParams);
  };

  const take = ({ method, path, headers, body }: Received): Reply => {
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`)
      return problem(401, "Unauthorized", "no such key");
    if (method === "GET") return read(path);
    const success = STATUS_OF.get(path);
    if (success === undefined || method !== "POST") return problem(404, "Not Found", path);
    if (headers["content-type"] !== "application/cloudevents-batch+json")
      return problem(400, "Bad Request", `invalid content type: ${headers["content-type"]}`);
    const result = IngestEventsBody.array().safeParse(JSON.parse(body));
    if (!result.success) return problem(400, "Bad Request", `invalid event: ${result.error.message}`);
    for (const event of result.data) {
      const key = `default-${event.source}-${event.id}`;
      if (!events.has(key)) events.set(key, event);
    }
    return { status: success };
  };

  return {
    ...(await startReceiver(take)),
    get events() {
      return [...events.values()];
    },
  };
};
