/** An event of a received request. */
export interface ReceivedEvent {
  readonly tenant_id: string | undefined;
  readonly event_id: string | undefined;
  readonly customer_id: string | undefined;
  readonly meter_id: string | undefined;
  readonly total_usage: number | undefined;
  /** Content of the event as text, the same on every attempt. */
  readonly bytes: string;
  /** Number of the request that carried it. */
  readonly request: number;
  /** Whether it was counted for this request. */
  counted: boolean;
}

interface Envelope {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The headers of the dialect `events` that are part of an event. */
const EVENT_HEADERS = [
  "x-tenant-id",
  "x-device-id",
  "idempotency-key",
  "x-event-time",
  "x-producer",
  "x-seq",
  "x-session-id",
];

/** Returns the events of a request, or undefined if the backend does not understand it. */
export const readEvents = (request: Envelope, number: number): readonly ReceivedEvent[] | undefined => {
  const json = parseJson(request.body);
  if (request.path === "/api/v1/events") {
    return isObject(json) ? [headerEvent(request, json, number)] : undefined;
  }
  if (!request.path.startsWith("/topics/") || !isObject(json) || !Array.isArray(json.records))
    return undefined;
  const records: readonly unknown[] = json.records;
  return records.map((record) => recordEvent(record, number));
};

const headerEvent = (
  { headers, body }: Envelope,
  json: Readonly<Record<string, unknown>>,
  request: number,
): ReceivedEvent => {
  const own = EVENT_HEADERS.filter((name) => headers[name] !== undefined);
  return {
    tenant_id: headers["x-tenant-id"],
    event_id: headers["idempotency-key"],
    customer_id: text(json.customer_id),
    meter_id: text(json.meter_id),
    total_usage: count(json.total_usage),
    bytes: [...own.map((name) => `${name}: ${headers[name]}`), body].join("\n"),
    request,
    counted: false,
  };
};

const recordEvent = (record: unknown, request: number): ReceivedEvent => {
  const value = isObject(record) && isObject(record.value) ? record.value : {};
  const metadata = isObject(value.metadata) ? value.metadata : {};
  return {
    tenant_id: text(metadata["meter.tenant_id"]),
    event_id: text(metadata["meter.event_id"]),
    customer_id: text(value.customer_id),
    meter_id: text(value.meter_id),
    total_usage: count(value.total_usage),
    bytes: JSON.stringify(record),
    request,
    counted: false,
  };
};

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const count = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
