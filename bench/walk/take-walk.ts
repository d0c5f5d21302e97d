// The process whose code is counted: OUTBOX. One event is recorded and acknowledged warm, under V8's precise coverage.
import { createServer } from "node:http";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient, memoryOutbox } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { tellParent } from "../harness/parent.ts";

const PACKAGES = new URL("../../packages/", import.meta.url).href;

const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request.setEncoding("utf8")) body += part;
  const { records }: { records: readonly unknown[] } = JSON.parse(body);
  const offsets = records.map((_, offset) => ({ partition: 0, offset, error_code: null, error: null }));
  response.setHeader("content-type", "application/json").end(JSON.stringify({ offsets }));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
const port = typeof address === "object" ? address?.port : undefined;

const client = new MeterClient({
  transport: fetchTransport({
    baseUrl: `http://127.0.0.1:${port}`,
    dialect: "kafka-rest",
    dedup: { windowMs: 86_400_000 },
  }),
  customerLookup: staticCustomers({ tenant_123: "cust_001" }),
  outbox:
    process.argv[2] === "SQLite"
      ? sqliteOutbox({ path: join(tmpdir(), "walk.db"), thread: "main" })
      : memoryOutbox(),
  defaults: { tenant_id: "tenant_123", device_id: "us-east-ing1" },
  delivery: { lingerMs: 20 },
});
const deliver = async (): Promise<void> => {
  const { state } = await client.record({ meter_id: "page.processed.basic", total_usage: 3 }).settled;
  if (state !== "acknowledged") throw new Error(`the event is ${state}`);
  // Its ending is stored, too.
  await client.stats();
};

await deliver();
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
await session.post("Profiler.takePreciseCoverage");
await deliver();
const { result } = await session.post("Profiler.takePreciseCoverage");
const files: { file: string; functions: number; calls: number }[] = [];
for (const { url, functions } of result) {
  if (!url.startsWith(PACKAGES) || url.includes("node_modules")) continue;
  const counts = functions.flatMap(({ ranges: [range] }) =>
    range !== undefined && range.count > 0 ? [range.count] : [],
  );
  if (counts.length === 0) continue;
  const calls = counts.reduce((sum, count) => sum + count, 0);
  files.push({ file: url.slice(PACKAGES.length), functions: counts.length, calls });
}
await tellParent({ files });
await client.close();
server.close();
process.disconnect();
