// One hour of real requests to an LLM service, billed to five tenants, then checked against the file unit by unit.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSandbox } from "@meter-lib/sandbox";
import { readTrace, TRACE_FILE } from "@meter-lib/trace";
import { fetchTransport, httpCustomerLookup, MeterClient } from "meter-lib";
import { sqliteOutbox } from "meter-lib/node";
import { compareUsage } from "./compare-usage.ts";
import { demoCatalog } from "./demo-catalog.ts";
import { expectedUsage } from "./expected-usage.ts";
import { loseAnswers } from "./lose-answers.ts";
import { progress } from "./progress.ts";
import { EVENTS_PER_REQUEST, postReports, replayTrace } from "./replay.ts";
import { tenants } from "./tenants.ts";
import { usageTable } from "./usage-table.ts";

const DAY_MS = 86_400_000;
const BATCHES_THAT_LOSE = new Set([20, 60, 120]);

const count = new Intl.NumberFormat("en");
const started = performance.now();
const trace = readTrace();
const events = trace.length * EVENTS_PER_REQUEST;
const folder = mkdtempSync(join(tmpdir(), "meter-lib-demo-"));

const run = async (): Promise<readonly string[]> => {
  await using sandbox = await createSandbox({ tenants, catalog: demoCatalog });
  console.log(
    `One hour of a real LLM service, ${count.format(trace.length)} requests, metered for ${Object.keys(tenants).length} tenants.`,
  );
  console.log(`Backend: ${sandbox.url} (this process). Outbox: SQLite in ${folder}.\n`);

  const transport = fetchTransport({
    baseUrl: sandbox.url,
    dialect: "kafka-rest",
    dedup: { windowMs: DAY_MS },
  });
  const client = new MeterClient({
    catalog: demoCatalog,
    transport: loseAnswers(transport, BATCHES_THAT_LOSE),
    customerLookup: httpCustomerLookup({ baseUrl: sandbox.url }),
    outbox: sqliteOutbox({ path: join(folder, "outbox.db") }),
    delivery: { onFull: "block" },
    defaults: { device_id: "us-east-ing1" },
  });
  const show = progress("delivered", events);
  let delivered = 0;
  client.on("acknowledged", () => show(++delivered));
  await replayTrace(client, trace);
  await client.flush({ timeoutMs: 60_000 });
  await postReports(client, trace.at(-1)?.time ?? 0);
  const accounts = await client.stats();
  await client.close();

  const counted = sandbox.usage({ by: "hour" });
  console.log(`\n${usageTable(counted, demoCatalog)}\n`);
  const duplicates = counted.reduce((sum, row) => sum + row.duplicates, 0);
  console.log(
    `recorded ${count.format(accounts.recorded)} = acknowledged ${count.format(accounts.acknowledged)} + pending ${accounts.pending} + rejected ${accounts.rejected} + quarantined ${accounts.quarantined}`,
  );
  console.log(
    `${BATCHES_THAT_LOSE.size} answers were lost on purpose and ${Object.keys(tenants).length} reports posted twice: ${count.format(duplicates)} events came again and were counted once.`,
  );

  const expected = expectedUsage(TRACE_FILE);
  const differences = compareUsage(expected, counted);
  if (differences.length === 0)
    console.log(
      `Checked against a second reading of the file: ${expected.length} sums by tenant, meter and hour, every unit agrees.`,
    );
  return differences;
};

try {
  const differences = await run();
  for (const difference of differences) console.error(`WRONG  ${difference}`);
  if (differences.length > 0) process.exitCode = 1;
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
