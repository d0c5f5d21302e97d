import type { Meter } from "@meter-lib/core";
import * as v from "valibot";
import type { FaultState, TurnedAway } from "../../src/http/faults.ts";
import type { Tenant } from "../../src/store/accounts.ts";
import type { ApiKey } from "../../src/store/api-keys.ts";
import type { LoggedEvent, LoggedRequest } from "../../src/store/log-query.ts";
import { STATES } from "../../src/store/schema.ts";
import type { Gap } from "../../src/store/seq-ranges.ts";
import type { LoggedSession } from "../../src/store/session-query.ts";
import type { UnknownTenant } from "../../src/store/unknown-tenants.ts";
import type { UsageSeries } from "../../src/store/usage-series.ts";
import type { Figures, Totals, TotalsRow } from "../../src/store/usage-totals.ts";

/** What a response must look like; anything else is no answer. */
export type Shape<Answer> = v.GenericSchema<unknown, Answer>;

const textOrNull = v.nullable(v.string());
const numberOrNull = v.nullable(v.number());
const list = <Row>(row: Shape<Row>): Shape<readonly Row[]> => v.array(row);
const given = <Value>(value: Shape<Value>) => v.optional(value);
const span = v.object({ from: v.number(), to: v.number() });

export const faultsShape: Shape<FaultState> = v.object({
  delay_ms: v.number(),
  outcome: v.picklist(["as_usual", "unavailable", "reset"]),
  requests: v.number(),
});

const turnedAwayShape: Shape<TurnedAway> = v.object({
  tenant_id: v.string(),
  event_id: v.string(),
  at: v.number(),
  outcome: v.picklist(["as_usual", "unavailable", "reset"]),
});
export const attemptsShape = v.object({ attempts: list(turnedAwayShape) });

const meterShape: Shape<
  Pick<Meter, "type" | "description" | "unit" | "aggregation"> & { readonly meter_id: string }
> = v.object({
  meter_id: v.string(),
  type: v.picklist(["volume", "performance"]),
  description: given(v.string()),
  unit: given(v.string()),
  aggregation: given(v.picklist(["sum", "last", "max"])),
});
export const catalogShape = v.object({ meters: list(meterShape) });

const sums = {
  total_usage: numberOrNull,
  duration_ms: v.number(),
  events: v.number(),
  duplicates: v.number(),
  conflicts: v.number(),
  late: v.number(),
  customers: v.number(),
  tenants: v.number(),
  meters: v.number(),
};
const totalsRowShape: Shape<TotalsRow> = v.object({ id: v.string(), ...sums });
export const totalsShape: Shape<Totals> = v.object({
  rows: list(totalsRowShape),
  total: v.number(),
  sum: v.object(sums),
});

const figureShape: Shape<Figures> = v.object({ ...sums, refused: v.number() });
export const figuresShape = v.object({ now: figureShape, before: v.nullable(figureShape) });

const seriesRowShape: Shape<UsageSeries> = v.object({
  group: textOrNull,
  points: list(
    v.object({
      at: v.union([v.number(), v.string()]),
      total_usage: v.number(),
      duration_ms: v.number(),
      events: v.number(),
    }),
  ),
});
export const seriesShape = v.object({ series: list(seriesRowShape) });
export const keysShape = v.object({ keys: list(v.object({ key: v.string() })) });

export const eventShape: Shape<LoggedEvent> = v.object({
  id: v.number(),
  state: v.picklist(STATES),
  late: v.boolean(),
  received_at: v.number(),
  tenant_id: textOrNull,
  customer_id: textOrNull,
  meter_id: textOrNull,
  event_id: textOrNull,
  event_time: numberOrNull,
  total_usage: numberOrNull,
  start_time: numberOrNull,
  end_time: numberOrNull,
  producer: textOrNull,
  seq: numberOrNull,
  corrects: textOrNull,
  revision: numberOrNull,
  reason: textOrNull,
  dialect: v.string(),
  request: v.number(),
  position: v.number(),
});
export const eventsShape = v.object({ events: list(eventShape) });
export const skippedShape = v.object({ events: v.number() });

const sessionShape: Shape<LoggedSession> = v.object({
  tenant_id: v.string(),
  customer_id: v.string(),
  meter_id: v.string(),
  session: v.string(),
  start: v.number(),
  end: numberOrNull,
  event: v.number(),
});
export const sessionsShape = v.object({ sessions: list(sessionShape) });

export const requestShape: Shape<LoggedRequest> = v.object({
  id: v.number(),
  received_at: v.number(),
  dialect: v.string(),
  method: v.string(),
  path: v.string(),
  headers: v.unknown(),
  body: textOrNull,
  status: numberOrNull,
  reason: textOrNull,
});
export const requestsShape = v.object({ requests: list(requestShape) });

const gapShape: Shape<Gap> = v.object({
  producer: v.string(),
  highest: v.number(),
  missing: v.number(),
  ranges: list(span),
});
export const gapsShape = v.object({ producers: list(gapShape) });

export const tenantShape: Shape<Tenant> = v.object({ tenant_id: v.string(), customer_id: v.string() });
export const tenantsShape = v.object({ tenants: list(tenantShape), total: v.number() });
const unknownTenantShape: Shape<UnknownTenant> = v.object({
  tenant_id: v.string(),
  lookups: v.number(),
  first_at: v.number(),
  last_at: v.number(),
});
export const unknownTenantsShape = v.object({ tenants: list(unknownTenantShape) });

const apiKeyShape: Shape<ApiKey> = v.object({
  id: numberOrNull,
  ending: v.string(),
  added_at: numberOrNull,
  uses: v.number(),
  last_used_at: numberOrNull,
});
export const apiKeysShape = v.object({ keys: list(apiKeyShape) });
export const madeKeyShape = v.object({ key: v.string() });

const account = v.object({
  recorded: v.number(),
  acknowledged: v.number(),
  pending: v.number(),
  rejected: v.number(),
  quarantined: v.number(),
  discarded: v.number(),
  lost: v.number(),
});
export const outboxesShape = v.object({
  outboxes: list(v.object({ name: v.string(), accounts: given(account), problem: given(v.string()) })),
});

const outboxRowShape = v.object({
  key: v.number(),
  state: v.string(),
  event: v.object({
    event_id: v.string(),
    tenant_id: v.string(),
    meter_id: v.string(),
    total_usage: given(v.number()),
  }),
  attempts: v.number(),
  recorded_at: v.number(),
  reason: given(v.string()),
  status: given(v.number()),
  ended_at: given(v.number()),
});
/** What the pages show of an event in an outbox. */
export type ShownRow = v.InferOutput<typeof outboxRowShape>;
export const outboxRowsShape = v.object({ events: list(outboxRowShape) });
export const redrivenShape = v.object({ redriven: v.number() });
export const discardedShape = v.object({ discarded: v.number() });

const differenceShape = v.object({
  hour: v.number(),
  tenant_id: v.string(),
  meter_id: v.string(),
  recorded: v.number(),
  acknowledged: v.number(),
  counted: given(v.number()),
  missing: list(v.string()),
  undelivered: list(v.object({ event_id: v.string(), state: v.string() })),
  unknown: list(v.string()),
});
/** What the pages show of an hour in which both sides differ. */
export type ShownDifference = v.InferOutput<typeof differenceShape>;
export const reconciliationShape = v.object({
  agrees: v.boolean(),
  compared: v.number(),
  differences: list(differenceShape),
  gaps: list(v.object({ producer: v.string(), missing: list(span) })),
});
/** What the pages show of a comparison. */
export type ShownReconciliation = v.InferOutput<typeof reconciliationShape>;

/** Of a response that says only that it was done. */
export const doneShape: Shape<unknown> = v.unknown();
