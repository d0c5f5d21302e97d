import { litewaveCatalog } from "@meter-lib/core";
import { openStore } from "../store/store.ts";
import { isIssue } from "../wire/field-issue.ts";
import { parseKafkaRestRequest } from "../wire/parse-kafka-rest-request.ts";

const DAY_MS = 86_400_000;
const DAYS = 30;
const BATCH = 1000;
const PRODUCERS = 20;
/** One request of so many is sent again, as after an answer that was lost. */
const REPEAT_EVERY = 100;
/** A producer loses one event in so many requests. */
const GAP_EVERY = 50;
const REFUSED = 300;
const START = Date.UTC(2026, 9, 1);
const END = START + DAYS * DAY_MS;
/** Values of a metadata key, to group by. */
const REGIONS = ["eu", "us", "ap"];

const METERS = Object.entries(litewaveCatalog).map(([meter_id, { type }]) => ({ meter_id, type }));
/** A tenant and a meter with three events in all: the longest way for whoever scans. */
const RARE = { tenant_id: "tenant_rare", customer_id: "cust_rare", meter_id: "meter.rare" };

const count = (value: number): string => Math.round(value).toLocaleString("en-US");
const idOf = (n: number): string => `019a0000-${n.toString(16).padStart(12, "0")}`;

/** A month of usage of some tenants, two of them to a customer; the same events at every run. */
export interface MonthOfEvents {
  readonly end: number;
  /** Customers by tenant. */
  readonly tenants: Readonly<Record<string, string>>;
  readonly customers: number;
  readonly rare: typeof RARE;
  /** The id of the first event. */
  readonly firstId: string;
  /** How many requests the events came in. */
  readonly requests: number;
  /** Fills a new file through the sandbox's own ingest, and says how far it is. */
  fill(file: string): void;
}

export const monthOfEvents = (total: number, tenantCount: number): MonthOfEvents => {
  const customers = Math.ceil(tenantCount / 2);
  const some = Array.from({ length: tenantCount }, (_, n) => ({
    tenant_id: `tenant_${n}`,
    customer_id: `cust_${n % customers}`,
  }));
  const tenants = Object.fromEntries([...some, RARE].map((one) => [one.tenant_id, one.customer_id]));

  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  // The first tenants use most, the last ones little, as customers do.
  const someOf = <Item>(items: readonly Item[], power: number): Item | undefined =>
    items[Math.floor(items.length * random() ** power)];

  const recordOf = (n: number): object | undefined => {
    const request = Math.floor(n / BATCH);
    const round = Math.floor(request / PRODUCERS);
    if (n % BATCH === 7 && round % GAP_EVERY === 1) return undefined;
    const isRare = n % Math.ceil(total / 3) === 11;
    const { tenant_id, customer_id } = (isRare ? undefined : someOf(some, 2)) ?? RARE;
    const meter = isRare ? undefined : someOf(METERS, 1);
    const event_time = START + Math.floor((n / total) * (END - START));
    return {
      value: {
        meter_id: meter?.meter_id ?? RARE.meter_id,
        customer_id,
        ...(meter?.type === "performance"
          ? { ai_event: true, start_time: event_time - 1500, end_time: event_time }
          : { total_usage: 1 + (n % 9), event_time }),
        metadata: {
          "meter.event_id": idOf(n),
          "meter.tenant_id": tenant_id,
          "meter.producer": `producer_${request % PRODUCERS}`,
          "meter.seq": String(round * BATCH + (n % BATCH) + 1),
          region: REGIONS[n % REGIONS.length] ?? "eu",
        },
      },
    };
  };

  const fill = (file: string): void => {
    const store = openStore({
      file,
      catalog: litewaveCatalog,
      tenants,
      lateAfterMs: DAY_MS,
      dedupWindowMs: Infinity,
    });
    const started = performance.now();
    const headers = JSON.stringify({ "content-type": "application/vnd.kafka.json.v2+json" });
    const take = (body: string, receivedAt: number): void => {
      const events = parseKafkaRestRequest(body);
      if ("status" in events) throw new Error(events.reason);
      const accounted = events.flatMap((event) => {
        const account = store.accounts.resolve(event.tenant_id, event.customer_id);
        return isIssue(account) ? [] : [{ event, account }];
      });
      const path = "/topics/usage-events";
      store.ingest({ receivedAt, dialect: "kafka-rest", method: "POST", path, headers, body }, accounted);
    };
    for (let n = 0; n < total; n += BATCH) {
      const records = Array.from({ length: Math.min(BATCH, total - n) }, (_, i) => recordOf(n + i));
      const body = JSON.stringify({ records: records.filter((record) => record !== undefined) });
      const at = START + Math.floor(((n + BATCH) / total) * (END - START));
      take(body, at);
      if ((n / BATCH) % REPEAT_EVERY === 0) take(body, at + 1000);
      if (n % Math.ceil(total / 10) < BATCH) {
        const seconds = (performance.now() - started) / 1000;
        console.log(`  ${count(n + records.length)} events after ${seconds.toFixed(0)} s`);
      }
    }
    for (let i = 0; i < REFUSED; i++) {
      const body = JSON.stringify({
        meter_id: "page.processed.basic",
        total_usage: -1,
        customer_id: "cust_1",
      });
      const request = {
        receivedAt: END + i,
        dialect: "events",
        method: "POST",
        path: "/api/v1/events",
      } as const;
      const sent = JSON.stringify({ "x-tenant-id": "tenant_1", "idempotency-key": `refused-${i}` });
      store.logRefusal(
        { ...request, headers: sent, body },
        { status: 422, reason: "total_usage: expected an integer from 0", issues: [] },
      );
    }
    const seconds = (performance.now() - started) / 1000;
    console.log(`filled in ${seconds.toFixed(0)} s, ${count(total / seconds)} events per second`);
    store.close();
  };

  return {
    end: END,
    tenants,
    customers,
    rare: RARE,
    firstId: idOf(0),
    requests: Math.ceil(total / BATCH),
    fill,
  };
};
