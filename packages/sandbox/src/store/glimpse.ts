import { isObject } from "../wire/field-issue.ts";
import { parseJson } from "../wire/parse-json.ts";
import type { ReceivedRequest } from "./received-request.ts";

/** Ids as far as they could be made out. */
export interface Glimpse {
  readonly tenant_id?: unknown;
  readonly customer_id?: unknown;
  readonly meter_id?: unknown;
  readonly event_id?: unknown;
}

const parse = (text: string | undefined): unknown => {
  const parsed = parseJson(text ?? "");
  return "value" in parsed ? parsed.value : undefined;
};

/** The ids of the events in a request that was not taken, as far as it can be read; nothing of them is checked. */
export const glimpsesOf = ({
  dialect,
  headers,
  body,
}: Pick<ReceivedRequest, "dialect" | "headers" | "body">): readonly Glimpse[] => {
  if (dialect === "lookup") return [];
  const value = parse(body);
  if (dialect === "events") {
    const sent = parse(headers);
    const ids = isObject(sent) ? { tenant_id: sent["x-tenant-id"], event_id: sent["idempotency-key"] } : {};
    return [isObject(value) ? { ...ids, meter_id: value.meter_id, customer_id: value.customer_id } : ids];
  }
  if (!isObject(value) || !Array.isArray(value.records) || value.records.length === 0) return [{}];
  return value.records.map((record: unknown) => {
    const event = isObject(record) && isObject(record.value) ? record.value : {};
    const metadata = isObject(event.metadata) ? event.metadata : {};
    return {
      tenant_id: metadata["meter.tenant_id"],
      event_id: metadata["meter.event_id"],
      meter_id: event.meter_id,
      customer_id: event.customer_id,
    };
  });
};
