// Fills a file with ten million events through the sandbox's own ingest, then asks over HTTP everything that the dashboard
// asks, and prints how long the answers took. Ends with 1 when a median is over the limit.
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { litewaveCatalog } from "@meter-lib/core";
import { createSandbox } from "../sandbox.ts";
import { openStore, type Store } from "../store/store.ts";
import { isIssue } from "../wire/field-issue.ts";
import { parseKafkaRestRequest } from "../wire/parse-kafka-rest-request.ts";
import { readStream } from "./read-stream.ts";

const HELP = `pnpm --filter @meter-lib/sandbox ten-million [--events 10000000] [--file FILE] [--asks 20]

  --events  how many to fill in
  --file    where to keep them; a file that is there already is asked as it is; else a temporary one
  --asks    how often each question is asked`;

const { values: flags } = parseArgs({
  options: {
    events: { type: "string", default: "10000000" },
    file: { type: "string" },
    asks: { type: "string", default: "20" },
    help: { type: "boolean", default: false },
  },
});
const total = Number(flags.events);
const asks = Number(flags.asks);

const LIMIT_MS = 200;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
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

const METERS = Object.entries(litewaveCatalog).map(([meter_id, { type }]) => ({ meter_id, type }));
const TENANTS = Array.from({ length: 100 }, (_, i) => ({
  tenant_id: `tenant_${i}`,
  customer_id: `cust_${i % 50}`,
}));
/** A tenant and a meter with three events in all: the longest way for whoever scans. */
const RARE = { tenant_id: "tenant_rare", customer_id: "cust_rare", meter_id: "meter.rare" };
/** Values of a metadata key, to group by. */
const REGIONS = ["eu", "us", "ap"];
const tenants = Object.fromEntries([...TENANTS, RARE].map((one) => [one.tenant_id, one.customer_id]));
const storeOptions = { catalog: litewaveCatalog, tenants, lateAfterMs: DAY_MS, dedupWindowMs: Infinity };

// A generator of its own: the same events at every run.
let seed = 1;
const random = (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};
// The first tenants use most, the last ones little, as customers do.
const someOf = <Item>(items: readonly Item[], power: number): Item | undefined =>
  items[Math.floor(items.length * random() ** power)];

const count = (value: number): string => Math.round(value).toLocaleString("en-US");
const idOf = (n: number): string => `019a0000-${n.toString(16).padStart(12, "0")}`;

const recordOf = (n: number): object | undefined => {
  const request = Math.floor(n / BATCH);
  const round = Math.floor(request / PRODUCERS);
  if (n % BATCH === 7 && round % GAP_EVERY === 1) return undefined;
  const isRare = n % Math.ceil(total / 3) === 11;
  const { tenant_id, customer_id } = (isRare ? undefined : someOf(TENANTS, 2)) ?? RARE;
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

const fill = (store: Store): void => {
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
    const body = JSON.stringify({ meter_id: "page.processed.basic", total_usage: -1, customer_id: "cust_1" });
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
};

/** Everything that the dashboard asks, with the time over at the end of the events. */
const questions = (lastId: number): Readonly<Record<string, string>> => {
  // As the dashboard asks: far back it begins with a whole day.
  const from = (days: number): number => END - days * DAY_MS + (days < 30 ? HOUR_MS : 0);
  const usage = (days: number): string => `usage?from=${from(days)}`;
  const series = (days: number, more: string): string =>
    `usage/series?meter_id=page.processed.basic&from=${from(days)}&${more}`;
  const figures = (days: number, more: string): string => `usage/figures?from=${from(days)}&to=${END}${more}`;
  const events = (filter: string): string => `events?${filter}&limit=200&brief=true`;
  return {
    "sums, 24 hours": usage(1),
    "sums, 7 days": usage(7),
    "sums, 30 days": usage(30),
    "sums, all time": "usage",
    "totals by meter, 7 days": `usage/totals?by=meter&from=${from(7)}`,
    "totals by customer, 30 days": `usage/totals?by=customer&from=${from(30)}`,
    "totals of a meter, 30 days": `usage/totals?by=customer&meter_id=page.processed.basic&from=${from(30)}`,
    "figures of a meter, 7 days": figures(7, "&meter_id=page.processed.basic"),
    "figures of a meter, 15 days": figures(15, "&meter_id=page.processed.basic"),
    "figures of a customer and a meter, 15 days": figures(
      15,
      "&meter_id=page.processed.basic&customer_id=cust_40",
    ),
    "sessions of a tenant": "sessions?tenant_id=tenant_40",
    "chart by the hour, 24 hours": series(1, "by=hour"),
    "chart by the hour, 7 days": series(7, "by=hour"),
    "chart by the hour, 30 days": series(30, "by=hour"),
    "chart by the hour, one customer": series(30, "by=hour&customer_id=cust_40"),
    "chart by the hour, 7 days, by tenant": series(7, "by=hour&group_by=tenant"),
    "chart by the hour, 7 days, by metadata": series(7, "by=hour&group_by=metadata.region"),
    "chart by the day, Berlin, by metadata": series(
      30,
      "by=day&time_zone=Europe/Berlin&group_by=metadata.region",
    ),
    "chart by the day, UTC": series(30, "by=day&time_zone=UTC"),
    "chart by the day, Berlin": series(30, "by=day&time_zone=Europe/Berlin"),
    "chart by the day, a level": `usage/series?meter_id=document.storage.size_gb&by=day&time_zone=Europe/Berlin`,
    "newest events": events(""),
    "newest of a rare tenant": events(`tenant_id=${RARE.tenant_id}`),
    "newest of a customer": events("customer_id=cust_40"),
    "newest of a rare meter": events(`meter_id=${RARE.meter_id}`),
    "newest of a tenant": events("tenant_id=tenant_40"),
    "newest of a tenant and a meter": events("tenant_id=tenant_99&meter_id=document.storage.size_gb"),
    "newest of a tenant and a rare meter": events(`tenant_id=tenant_99&meter_id=${RARE.meter_id}`),
    "newest accepted": events("state=accepted"),
    "newest duplicates": events("state=duplicate"),
    "newest duplicates of a rare tenant": events(`state=duplicate&tenant_id=${RARE.tenant_id}`),
    "newest conflicts, of which there are none": events("state=conflict"),
    "newest refused": events("state=refused"),
    "one event": `events?before=${Math.floor(lastId / 2)}&limit=1&brief=true`,
    "all with one id": `events?event_id=${idOf(0)}&limit=50&brief=true`,
    "one request as received": `requests/${Math.floor(total / BATCH / 2)}`,
    "refused requests": "refused?limit=50",
    gaps: "gaps",
    tenants: "tenants",
    "tenants, a page": "tenants?search=4&limit=50",
    "an hour of the ledger": `ledger?from=${END - HOUR_MS}`,
    "ids of a row of the ledger": `ledger/ids?tenant_id=tenant_0&meter_id=page.processed.basic&hour=${END - DAY_MS}`,
  };
};

interface Took {
  readonly median: number;
  readonly max: number;
  /** Processor time of this process for one ask: server and asker together, whatever else the machine does. */
  readonly processor: number;
}

const measure = async (ask: () => Promise<void>): Promise<Took> => {
  const times: number[] = [];
  const usageBefore = process.cpuUsage();
  for (let i = 0; i < asks; i++) {
    const before = performance.now();
    await ask();
    times.push(performance.now() - before);
  }
  const { user, system } = process.cpuUsage(usageBefore);
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  return { median, max: times.at(-1) ?? 0, processor: (user + system) / 1000 / asks };
};

const firstOfStream = async (url: string): Promise<void> => {
  const closing = new AbortController();
  const response = await fetch(url, { signal: closing.signal });
  for await (const _ of readStream(response)) break;
  closing.abort();
};

const newestId = async (api: string): Promise<number> => {
  const answer = await (await fetch(`${api}/events?limit=1&brief=true`)).text();
  return Number(/"id":(\d+)/.exec(answer)?.[1] ?? 0);
};

const ms = (time: number): string => time.toFixed(1).padStart(8);

const main = async (): Promise<void> => {
  const folder = flags.file === undefined ? await mkdtemp(join(tmpdir(), "sandbox-ten-million-")) : undefined;
  const file = flags.file ?? join(folder ?? "", "usage.db");
  try {
    if (!existsSync(file)) {
      const store = openStore({ ...storeOptions, file });
      fill(store);
      store.close();
    }
    await using sandbox = await createSandbox({ file, tenants });
    const api = `${sandbox.url}/sandbox/v1`;
    const lastId = await newestId(api);
    const gigabytes = (await stat(file)).size / 1e9;
    console.log(
      `${count(lastId)} events, ${gigabytes.toFixed(1)} GB, Node ${process.version}, ${availableParallelism()} cores\n`,
    );
    console.log(`     p50      max  processor   (ms; ${asks} times each, over HTTP, answer read)`);
    const all = Object.entries(questions(lastId)).map(
      ([name, path]) =>
        [
          name,
          async () => {
            const response = await fetch(`${api}/${path}`);
            if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
            await response.arrayBuffer();
          },
        ] as const,
    );
    const stream = [
      "stream, to the first event",
      () => firstOfStream(`${api}/stream?after=${lastId - 200}`),
    ] as const;
    let slow = 0;
    for (const [name, ask] of [...all, stream]) {
      const { median, max, processor } = await measure(ask);
      if (median > LIMIT_MS) slow++;
      const verdict = median > LIMIT_MS ? "   TOO SLOW" : "";
      console.log(`${ms(median)} ${ms(max)} ${ms(processor)}     ${name}${verdict}`);
    }
    console.log(slow === 0 ? `\nall medians under ${LIMIT_MS} ms` : `\n${slow} over ${LIMIT_MS} ms`);
    if (slow > 0) process.exitCode = 1;
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true });
  }
};

if (flags.help) console.log(HELP);
else await main();
