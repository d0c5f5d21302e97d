import { createSandbox } from "@meter-lib/sandbox";
import { afterEach, expect, test, vi } from "vitest";
import { aiDisabled } from "./ai-disabled.ts";
import { aiEnabled } from "./ai-enabled.ts";
import { checkResult } from "./check-result.ts";
import { quickstart, quickstartAsWritten } from "./quickstart.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const start = async () => {
  const sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
  vi.stubEnv("METER_LIB_BASE_URL", sandbox.url);
  return sandbox;
};

test("the quickstart counts 24 pages once its meter is in the catalog", async () => {
  await using sandbox = await start();

  expect(await quickstart()).toMatchObject({ status: "accepted" });
  expect(sandbox.usage()).toMatchObject([
    { customer_id: "cust_001", meter_id: "document.basic.page", total_usage: 24, events: 1 },
  ]);
});

test("the quickstart as it is written sends nothing", async () => {
  await using sandbox = await start();

  expect(await quickstartAsWritten()).toBeNull();
  expect(sandbox.usage()).toEqual([]);
});

test("AI enabled and disabled bound the time in between", async () => {
  await using sandbox = await start();

  expect(await aiEnabled()).toMatchObject({ status: "accepted" });
  expect(await aiDisabled()).toMatchObject({ status: "accepted" });
  expect(sandbox.usage()).toMatchObject([
    { meter_id: "chat.on.time_hours", duration_ms: 1779799552000 - 1759791552000, events: 2 },
  ]);
});

test("the result is checked as in the guide", () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});

  checkResult(null);
  checkResult({ status: "accepted" });

  expect(log.mock.calls).toEqual([
    ["Failed to post meter usage event"],
    ["Event accepted:", { status: "accepted" }],
  ]);
});
