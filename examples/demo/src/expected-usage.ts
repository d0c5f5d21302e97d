// The bill of the trace, worked out from the file alone: nothing here is shared with the replay or with meter-lib, so a
// mistake there is no mistake here.
import { readFileSync } from "node:fs";

/** What a backend must have counted for a tenant, its customer, a meter and an hour. */
export interface ExpectedUsage {
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly meter_id: string;
  /** Start of the hour in milliseconds since the epoch. */
  readonly hour: number;
  events: number;
  total_usage: number;
  duration_ms: number;
}

const HOUR = 3_600_000;

/** Sums by tenant, meter and hour. */
export const expectedUsage = (file: URL): readonly ExpectedUsage[] => {
  const sums = new Map<string, ExpectedUsage>();
  const add = (
    tenant_id: string,
    customer_id: string,
    meter_id: string,
    at: number,
    units: number,
    ms: number,
  ) => {
    const hour = at - (at % HOUR);
    const key = `${tenant_id} ${meter_id} ${hour}`;
    const sum = sums.get(key) ?? {
      ...{ tenant_id, customer_id, meter_id, hour },
      events: 0,
      total_usage: 0,
      duration_ms: 0,
    };
    sum.events += 1;
    sum.total_usage += units;
    sum.duration_ms += ms;
    sums.set(key, sum);
  };

  const [, ...lines] = readFileSync(file, "latin1").split("\n");
  let request = 0;
  let last = 0;
  for (const line of lines) {
    const cells = line.trim().split(",");
    if (cells.length !== 3) continue;
    const [y, mo, d, h, mi, s, ms] = (cells[0] ?? "").split(/\D/).map(Number);
    const at = Date.UTC(
      y ?? Number.NaN,
      (mo ?? Number.NaN) - 1,
      d,
      h,
      mi,
      s,
      Math.floor((ms ?? Number.NaN) / 10_000),
    );
    const context = Number(cells[1]);
    const generated = Number(cells[2]);
    const digit = request % 10;
    const tenant =
      digit < 4
        ? "acme"
        : digit < 6
          ? "acme-labs"
          : digit < 8
            ? "globex"
            : digit === 8
              ? "initech"
              : "umbrella";
    const customer = tenant === "acme-labs" ? "cust_acme" : `cust_${tenant}`;
    const took = 20 * generated;
    add(tenant, customer, "llm.context.tokens", at, context, 0);
    add(tenant, customer, "llm.generated.tokens", at, generated, 0);
    add(tenant, customer, "page.processed.basic", at, Math.floor((context + 499) / 500), 0);
    add(tenant, customer, "chat.query.time_secs", at + took, 0, took);
    last = at;
    request++;
  }
  for (const tenant of ["acme", "globex", "initech", "umbrella"])
    add(tenant, `cust_${tenant}`, "report.generated.small", last, 1, 0);
  add("acme-labs", "cust_acme", "report.generated.small", last, 1, 0);
  return [...sums.values()];
};
