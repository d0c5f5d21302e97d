// The guide's snippets in order, against a local backend.
import { createSandbox } from "@meter-lib/sandbox";
import { aiDisabled } from "./ai-disabled.ts";
import { aiEnabled } from "./ai-enabled.ts";
import { checkResult } from "./check-result.ts";
import { quickstart, quickstartAsWritten } from "./quickstart.ts";

await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
process.env.METER_LIB_BASE_URL = sandbox.url;

checkResult(await quickstartAsWritten());
checkResult(await quickstart());
checkResult(await aiEnabled());
checkResult(await aiDisabled());
for (const { meter_id, total_usage, duration_ms } of sandbox.usage())
  console.log(`${meter_id}: ${total_usage} units, ${(duration_ms / 3_600_000).toFixed(2)} hours`);
