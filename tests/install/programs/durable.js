// On Node: the sandbox command counts once what a client records into an SQLite file and delivers.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMeterClient } from "meter-lib";
import { sqliteOutbox } from "meter-lib/node";

const folder = mkdtempSync(join(tmpdir(), "meter-lib-durable-"));
const meter = new URL("node_modules/@meter-lib/cli/dist/main.js", import.meta.url).pathname;
const sandbox = spawn(process.execPath, [meter, "sandbox", "--tenant", "tenant_123=cust_001"], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const [printed] = await once(sandbox.stdout, "data");
  const [baseUrl] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(printed)) ?? [];
  if (baseUrl === undefined) throw new Error(`the sandbox printed ${printed}`);

  const client = createMeterClient({
    baseUrl,
    dialect: "kafka-rest",
    dedup: { windowMs: 60_000 },
    outbox: sqliteOutbox({ path: join(folder, "outbox.db") }),
    defaults: { tenant_id: "tenant_123", device_id: "node" },
  });
  const event = { meter_id: "page.processed.basic", total_usage: 3, event_id: "scan-1" };
  client.record(event);
  client.record(event);
  if (!(await client.flush({ timeoutMs: 10_000 }))) throw new Error("not delivered in ten seconds");
  const { recorded, acknowledged } = await client.stats();
  const usage = await (await fetch(`${baseUrl}/sandbox/v1/usage`)).text();
  if (recorded !== 1 || acknowledged !== 1 || !/"total_usage":\s*3\b/.test(usage))
    throw new Error(`recorded ${recorded}, acknowledged ${acknowledged}, counted ${usage}`);
  await client.close();
} finally {
  sandbox.kill();
  rmSync(folder, { recursive: true, force: true });
}
console.log("ok");
