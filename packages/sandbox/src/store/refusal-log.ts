import type { DatabaseSync } from "node:sqlite";
import { isName, isObject, isToken } from "../wire/field-issue.ts";
import { parseJson } from "../wire/parse-json.ts";
import type { Refusal } from "../wire/refusal.ts";
import type { Names } from "./names.ts";
import type { LogRequest, ReceivedRequest } from "./received-request.ts";
import type { RefusalHours } from "./refusal-hours.ts";
import { REFUSED } from "./schema.ts";
import type { Transact } from "./transaction.ts";

/** Keeps a refused request and, where it can be read that far, the events in it, so that they can be found by their ids. */
export type LogRefusal = (request: ReceivedRequest, refusal: Refusal) => void;

/** Ids as far as they could be made out. */
interface Glimpse {
  readonly tenant_id?: unknown;
  readonly customer_id?: unknown;
  readonly meter_id?: unknown;
  readonly event_id?: unknown;
}

const parse = (text: string | undefined): unknown => {
  const parsed = parseJson(text ?? "");
  return "value" in parsed ? parsed.value : undefined;
};

const glimpsesOf = ({ dialect, headers, body }: ReceivedRequest): readonly Glimpse[] => {
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

export const createRefusalLog = (
  database: DatabaseSync,
  transact: Transact,
  logRequest: LogRequest,
  names: Names,
  hours: RefusalHours,
): LogRefusal => {
  const insert = database.prepare(`
    INSERT INTO events (request, position, state, late, tenant, customer, meter, event_id)
    VALUES (?, ?, ${REFUSED}, 0, ?, ?, ?, ?)`);
  const numberOf = (name: unknown): number | null => (isName(name) ? names.numberOf(name) : null);
  return (request, refusal) =>
    transact(() => {
      const id = logRequest(request, refusal);
      for (const [position, { tenant_id, customer_id, meter_id, event_id }] of glimpsesOf(
        request,
      ).entries()) {
        const [tenant, customer, meter] = [numberOf(tenant_id), numberOf(customer_id), numberOf(meter_id)];
        insert.run(id, position, tenant, customer, meter, isToken(event_id) ? event_id : null);
        hours.add(request.receivedAt, tenant, customer, meter);
      }
    });
};
