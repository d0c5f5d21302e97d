import type { DatabaseSync } from "node:sqlite";
import { isName, isToken } from "../wire/field-issue.ts";
import type { Refusal } from "../wire/refusal.ts";
import { glimpsesOf } from "./glimpse.ts";
import type { Names } from "./names.ts";
import type { LogRequest, ReceivedRequest } from "./received-request.ts";
import type { RefusalHours } from "./refusal-hours.ts";
import { REFUSED } from "./schema.ts";
import type { Transact } from "./transaction.ts";

/** Keeps a refused request and, where it can be read that far, the events in it, so that they can be found by their ids. */
export type LogRefusal = (request: ReceivedRequest, refusal: Refusal) => void;

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
