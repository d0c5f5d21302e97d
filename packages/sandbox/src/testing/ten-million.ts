// Fills a file with ten million events through the sandbox's own ingest, opens every view of the dashboard in Chromium, and then
// asks everything that the page asked, and what it links to, over HTTP: once at rest, and once while events arrive. Ends with 1 when a
// median is over the limit.
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MeterClient, memoryOutbox, memoryTransport } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { createSandbox } from "../sandbox.ts";
import { dashboardQuestions } from "./dashboard-questions.ts";
import { dashboardVisits } from "./dashboard-visits.ts";
import { monthOfEvents } from "./month-of-events.ts";
import { readStream } from "./read-stream.ts";
import { sendSteadily } from "./send-steadily.ts";

const HELP = `pnpm --filter @meter-lib/sandbox ten-million [--events 10000000] [--tenants 100] [--file FILE] [--asks 20] [--rate 10000]

  --events   how many to fill in
  --tenants  how many they come from, two to a customer
  --file     where to keep them; a file that is there already is asked as it is; else a temporary one
  --asks     how often each question is asked
  --rate     events a second that arrive during the second round; 0 leaves it out`;

const { values: flags } = parseArgs({
  options: {
    events: { type: "string", default: "10000000" },
    tenants: { type: "string", default: "100" },
    file: { type: "string" },
    asks: { type: "string", default: "20" },
    rate: { type: "string", default: "10000" },
    help: { type: "boolean", default: false },
  },
});
const asks = Number(flags.asks);
const rate = Number(flags.rate);

const LIMIT_MS = 200;
const HOUR_MS = 3_600_000;

/** One thing to ask, and to wait for its answer. */
interface Question {
  readonly name: string;
  readonly ask: () => Promise<void>;
}

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

/** Asks until so many lines have come; the rest of a file is not waited for. */
const firstLines = async (url: string, lines: number): Promise<void> => {
  const closing = new AbortController();
  const response = await fetch(url, { signal: closing.signal });
  let seen = 0;
  for await (const chunk of response.body ?? []) {
    seen += Buffer.from(chunk).toString().split("\n").length - 1;
    if (seen >= lines) break;
  }
  closing.abort();
};

const firstOfStream = async (url: string): Promise<void> => {
  const closing = new AbortController();
  const response = await fetch(url, { signal: closing.signal });
  for await (const _ of readStream(response)) break;
  closing.abort();
};

const wholeAnswer = async (url: string): Promise<void> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  await response.arrayBuffer();
};

const newestId = async (api: string): Promise<number> => {
  const answer = await (await fetch(`${api}events?limit=1&brief=true`)).text();
  return Number(/"id":(\d+)/.exec(answer)?.[1] ?? 0);
};

const ms = (time: number): string => time.toFixed(1).padStart(8);

/** Asks everything, prints how long it took, and returns how many medians were over the limit. */
const round = async (questions: readonly Question[]): Promise<number> => {
  let slow = 0;
  console.log(`     p50      max  processor   (ms; ${asks} times each, over HTTP, answer read)`);
  for (const { name, ask } of questions) {
    const { median, max, processor } = await measure(ask);
    if (median > LIMIT_MS) slow++;
    console.log(
      `${ms(median)} ${ms(max)} ${ms(processor)}     ${name}${median > LIMIT_MS ? "   TOO SLOW" : ""}`,
    );
  }
  console.log(slow === 0 ? `all medians under ${LIMIT_MS} ms` : `${slow} over ${LIMIT_MS} ms`);
  return slow;
};

const main = async (): Promise<void> => {
  const month = monthOfEvents(Number(flags.events), Number(flags.tenants));
  const folder = flags.file === undefined ? await mkdtemp(join(tmpdir(), "sandbox-ten-million-")) : undefined;
  const file = flags.file ?? join(folder ?? "", "usage.db");
  try {
    if (!existsSync(file)) month.fill(file);
    const outbox = memoryOutbox();
    await using app = new MeterClient({
      transport: memoryTransport(),
      customerLookup: staticCustomers(month.tenants),
      outbox,
      defaults: { device_id: "d1" },
    });
    const meter = "page.processed.basic";
    const used = { tenant_id: "tenant_0", event_time: month.end - HOUR_MS };
    await app.record({ ...used, meter_id: meter, total_usage: 1 }).settled;
    await using sandbox = await createSandbox({ file, tenants: month.tenants, outboxes: [outbox] });

    const api = `${sandbox.url}/sandbox/v1/`;
    const lastId = await newestId(api);
    const gigabytes = (await stat(file)).size / 1e9;
    console.log(
      `${lastId.toLocaleString("en-US")} events of ${flags.tenants} tenants, ${gigabytes.toFixed(1)} GB, Node ${process.version}, ${availableParallelism()} cores`,
    );
    const visits = dashboardVisits({
      customer: "cust_40",
      tenant: "tenant_40",
      meter,
      level: "document.storage.size_gb",
      rare: month.rare,
      event: Math.floor(lastId / 2),
      part: "4",
    });
    const { asked, files } = await dashboardQuestions(sandbox.url, month.end - 1, visits);
    console.log(`${visits.length} visits asked ${asked.size} questions and offered ${files.size} files\n`);
    const questions: readonly Question[] = [
      ...Array.from(asked, ([path, visit]) => ({
        name: `${visit.padEnd(44)} ${path}`,
        ask: () => wholeAnswer(`${api}${path}`),
      })),
      ...Array.from(files, ([path, visit]) => ({
        name: `${visit.padEnd(44)} ${path}, to its first row`,
        ask: () => firstLines(`${api}${path}`, path.includes(".csv") ? 2 : 1),
      })),
      {
        name: "the stream, to its first event",
        ask: () => firstOfStream(`${api}stream?after=${lastId - 200}`),
      },
      { name: "a scrape: /metrics", ask: () => wholeAnswer(`${sandbox.url}/metrics`) },
      { name: "an hour of the ledger", ask: () => wholeAnswer(`${api}ledger?from=${month.end - HOUR_MS}`) },
    ];
    let slow = await round(questions);
    if (rate > 0) {
      console.log(`\nWhile ${rate.toLocaleString("en-US")} events a second arrive:`);
      const { customers } = month;
      const at = month.end - HOUR_MS / 2;
      const [tenants, meters] = [Number(flags.tenants), [meter, "document.storage.size_gb"]];
      const before = await newestId(api);
      const started = performance.now();
      await using _ = sendSteadily({ url: sandbox.url, rate, meters, tenants, customers, at });
      slow += await round(questions);
      const arrived = ((await newestId(api)) - before) / ((performance.now() - started) / 1000);
      console.log(`${Math.round(arrived).toLocaleString("en-US")} events a second arrived`);
    }
    if (slow > 0) process.exitCode = 1;
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true });
  }
};

if (flags.help) console.log(HELP);
else await main();
