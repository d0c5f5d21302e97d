import { join } from "node:path";
import { MeterClient } from "@meter-lib/core";
import { fanOut } from "@meter-lib/core/compose";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { createSandbox } from "@meter-lib/sandbox";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { expect, test } from "vitest";
import { runHere } from "../testing/run-here.ts";
import { TempFolder } from "../testing/temp-folder.ts";

test("two backends that counted the same may be switched at a full hour; where they differ, the hour is named", async () => {
  await using folder = await TempFolder.create();
  const tenants = { a: "cust_a" };
  await using before = await createSandbox({ tenants });
  await using after = await createSandbox({ tenants });
  const file = join(folder.path, "before.db");
  const clientTo = (baseUrl: string, path: string) =>
    new MeterClient({
      transport: fetchTransport({ baseUrl, dialect: "kafka-rest", dedup: { windowMs: 86_400_000 } }),
      customerLookup: staticCustomers(tenants),
      outbox: sqliteOutbox({ path }),
      defaults: { tenant_id: "a", device_id: "d" },
    });
  const clients = {
    before: clientTo(before.url, file),
    after: clientTo(after.url, join(folder.path, "after.db")),
  };
  const hour = Date.parse("2026-11-01T10:00:00Z");
  {
    await using meters = fanOut(clients);
    meters.record({ meter_id: "page.processed.basic", total_usage: 3, event_time: hour });
    await meters.flush();
    clients.before.record({ meter_id: "page.processed.basic", total_usage: 4, event_time: hour + 3_600_000 });
  }
  const sides = [
    "--before",
    "sandbox",
    "--before-url",
    before.url,
    "--after",
    "sandbox",
    "--after-url",
    after.url,
  ];
  const first = await runHere(["migrate", file, ...sides, "--to", "2026-11-01T11:00:00Z", "--json"]);
  expect(first).toMatchObject({ exit: 0, stderr: "" });
  expect(JSON.parse(first.stdout)).toMatchObject({
    agrees: true,
    compared: 1,
    at: expect.stringMatching(/:00:00\.000Z$/),
  });
  const whole = await runHere(["migrate", file, ...sides]);
  expect(whole.exit).toBe(4);
  expect(whole.stdout).toMatch(/2026-11-01T11 +a +page\.processed\.basic +4 +4 +0 +-4/);
});
