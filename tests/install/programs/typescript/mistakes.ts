// Mistakes that have to be errors, also without `strict`.
import { createMeterClient } from "meter-lib";

const client = createMeterClient({ defaults: { tenant_id: "t", device_id: "d" } });

// @ts-expect-error: no such meter
void client.post({ meter_id: "page.procesed.basic", total_usage: 24 });
// @ts-expect-error: half a page
void client.post({ meter_id: "page.processed.basic", total_usage: 2.5 });
// @ts-expect-error: this meter reports times
void client.post({ meter_id: "chat.on.time_hours", total_usage: 1 });
