import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createSandbox } from "../../src/sandbox.ts";
import { eventBody, type SnippetEvent, snippet } from "./snippet.ts";

const run = promisify(execFile);
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
if (!hasCurl) console.log("SKIPPED: what the curl snippet does (there is no curl)");
const NOW = Date.UTC(2026, 10, 22, 12);

const volume: SnippetEvent = {
  url: "http://127.0.0.1:8099",
  tenant_id: "tenant_123",
  customer_id: "cust_001",
  meter_id: "page.processed.basic",
  type: "volume",
};
const performance: SnippetEvent = { ...volume, meter_id: "chat.query.time_secs", type: "performance" };
/** What quotes and escapes of all three languages trip over. */
const odd = `it's "odd" \\ $(touch x) \`y\` ü`;

test("a volume meter reports a number, a performance meter the minute before", () => {
  expect(eventBody(volume, NOW)).toEqual({
    meter_id: "page.processed.basic",
    customer_id: "cust_001",
    total_usage: 1,
  });
  expect(eventBody(performance, NOW)).toEqual({
    meter_id: "chat.query.time_secs",
    customer_id: "cust_001",
    start_time: NOW - 60_000,
    end_time: NOW,
  });
});

test.skipIf(!hasCurl).each([volume, performance])(
  "what the shell runs is an event that is counted: $meter_id",
  async (event) => {
    await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
    const code = snippet("curl", { ...event, url: sandbox.url }, Date.now());
    const { stdout } = await run("sh", ["-c", code.replace(/^curl/, "curl -s")]);
    expect(JSON.parse(stdout)).toEqual({ status: "accepted" });
    expect(sandbox.usage()).toMatchObject([{ meter_id: event.meter_id, events: 1 }]);
  },
);

test.skipIf(!hasCurl)("the shell takes odd ids as they are", async () => {
  const server = createServer(async (incoming, answer) => {
    answer.end();
    server.emit("posted", incoming.headers["x-tenant-id"], await text(incoming));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const posted = once(server, "posted");
  const code = snippet("curl", { ...volume, url, tenant_id: "it's $(x)", meter_id: odd }, NOW);
  await run("sh", ["-c", code.replace(/^curl/, "curl -s")]);
  const [tenant, body] = await posted;
  server.close();
  expect(tenant).toBe("it's $(x)");
  expect(JSON.parse(body)).toMatchObject({ meter_id: odd });
});

test("TypeScript and Python hold odd ids as the texts that they are", async () => {
  const typescript = snippet("typescript", { ...volume, meter_id: odd }, NOW);
  const literal = /meter_id: (".*"),/.exec(typescript)?.[1] ?? "";
  expect(JSON.parse(literal)).toBe(odd);
  const python = snippet("python", { ...volume, meter_id: odd }, NOW);
  expect(/meter_id=(".*"),/.exec(python)?.[1]).toBe(literal);
});

test("each language names backend, tenant and meter, and what the meter's type reports", () => {
  for (const language of ["typescript", "python"] as const) {
    const code = snippet(language, volume, NOW);
    for (const word of [volume.url, volume.tenant_id, volume.meter_id, "total_usage"])
      expect(code).toContain(word);
    expect(code).not.toContain("start_time");
    const timed = snippet(language, performance, NOW);
    expect(timed).toContain("start_time");
    expect(timed).not.toContain("total_usage");
  }
  expect(snippet("python", performance, NOW)).toContain("post_ai_meter_usage");
});
