import type { DatabaseSync } from "node:sqlite";
import { startOfHour } from "@meter-lib/core/wire";
import { numberIn } from "./column.ts";

/** Whose refused events to count; those of requests that name no tenant or meter count only where none is asked for. */
export interface RefusalQuery {
  readonly tenant_id?: string | undefined;
  readonly customer_id?: string | undefined;
  readonly meter_id?: string | undefined;
  readonly from: number;
  readonly to: number;
}

/** Refused events by the hour of their arrival: they have no other time. */
export interface RefusalHours {
  /** Within the transaction that logs the request. */
  add(receivedAt: number, tenant: number | null, customer: number | null, meter: number | null): void;
  count(query: RefusalQuery): number;
}

const named = (column: "tenant" | "customer" | "meter"): string =>
  `(:${column}_id IS NULL OR ${column} = (SELECT id FROM names WHERE name = :${column}_id))`;

export const createRefusalHours = (database: DatabaseSync): RefusalHours => {
  const upsert = database.prepare(`
    INSERT INTO refusal_hours (at, tenant, customer, meter, events) VALUES (?, ?, ?, ?, 1)
    ON CONFLICT DO UPDATE SET events = events + 1`);
  const sum = database.prepare(`
    SELECT ifnull(sum(events), 0) AS events FROM refusal_hours
    WHERE at >= :from AND at < :to AND ${named("tenant")} AND ${named("customer")} AND ${named("meter")}`);
  return {
    add: (receivedAt, tenant, customer, meter) =>
      void upsert.run(startOfHour(receivedAt), tenant ?? 0, customer ?? 0, meter ?? 0),
    count: ({ tenant_id = null, customer_id = null, meter_id = null, from, to }) =>
      numberIn(sum.get({ tenant_id, customer_id, meter_id, from, to }) ?? {}, "events"),
  };
};
