// What compiles and what does not, in the words of the Python library.
import { extendCatalog, litewaveCatalog } from "@meter-lib/core";
import { postAiMeterUsage, postMeterUsage } from "./post-meter-usage.ts";

const ids = { tenant_id: "tenant_123", device_id: "us-east-ing1" };
const catalog = extendCatalog(litewaveCatalog, { "document.basic.page": { type: "volume" } });

postMeterUsage({ ...ids, meter_id: "page.processed.basic", total_usage: 24 });
postMeterUsage({ ...ids, meter_id: "chat.on.time_hours", start_time: 1759791552000 });
postMeterUsage({ ...ids, meter_id: "chat.on.time_hours", end_time: 1779799552000 });
postMeterUsage({
  ...ids,
  meter_id: "rule.executed.small",
  total_usage: 1,
  kafka_url: "https://kafka.example.com",
  portal_url: "https://portal.example.com",
  api_key: "key",
  timestamp: 1759791552000,
  metadata: { rule_id: "rule-abc123" },
});
postAiMeterUsage({ ...ids, meter_id: "chat.query.time_secs", start_time: 1, end_time: 2 });
postMeterUsage({ ...ids, meter_id: "document.basic.page", total_usage: 24 }, { catalog });

// @ts-expect-error: the guide's own quickstart names a meter that the guide's list does not have
postMeterUsage({ ...ids, meter_id: "document.basic.page", total_usage: 24 });
// @ts-expect-error: an integer
postMeterUsage({ ...ids, meter_id: "page.processed.basic", total_usage: 2.5 });
// @ts-expect-error: a meter that counts has no times
postMeterUsage({ ...ids, meter_id: "page.processed.basic", start_time: 1 });
// @ts-expect-error: a meter that reports times has no total_usage
postMeterUsage({ ...ids, meter_id: "chat.on.time_hours", total_usage: 1 });
// @ts-expect-error: one of the two times at least
postMeterUsage({ ...ids, meter_id: "chat.on.time_hours" });
// @ts-expect-error: meters that count are posted with postMeterUsage
postAiMeterUsage({ ...ids, meter_id: "page.processed.basic", total_usage: 1 });
// @ts-expect-error: the tenant
postMeterUsage({ device_id: "us-east-ing1", meter_id: "page.processed.basic", total_usage: 1 });
