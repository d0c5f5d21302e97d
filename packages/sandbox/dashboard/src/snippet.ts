import type { Meter } from "@meter-lib/core";

/** A language that the dashboard writes an event in. */
export type Language = "typescript" | "curl" | "python";

/** Which event to write. */
export interface SnippetEvent {
  readonly url: string;
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly meter_id: string;
  readonly type: Meter["type"];
}

const DEVICE = "my-laptop";

// JSON's strings are strings of TypeScript and Python, too.
const text = (value: string): string => JSON.stringify(value);

const shellText = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

/** The body that the `events` dialect takes; a performance meter reports the minute before `now`. */
export const eventBody = (event: SnippetEvent, now: number): Readonly<Record<string, string | number>> => ({
  meter_id: event.meter_id,
  customer_id: event.customer_id,
  ...(event.type === "volume" ? { total_usage: 1 } : { start_time: now - 60_000, end_time: now }),
});

const typescript = ({
  url,
  tenant_id,
  meter_id,
  type,
}: SnippetEvent): string => `import { createMeterClient } from "meter-lib";

const client = createMeterClient({
  baseUrl: ${text(url)},
  defaults: { tenant_id: ${text(tenant_id)}, device_id: ${text(DEVICE)} },
});

await client.post({
  meter_id: ${text(meter_id)},
  ${type === "volume" ? "total_usage: 1," : "start_time: Date.now() - 60_000,\n  end_time: Date.now(),"}
});`;

const curl = (event: SnippetEvent, now: number): string => `curl ${event.url}/api/v1/events \\
  -H 'content-type: application/json' \\
  -H ${shellText(`x-tenant-id: ${event.tenant_id}`)} \\
  -H 'x-device-id: ${DEVICE}' \\
  -d ${shellText(JSON.stringify(eventBody(event, now)))}`;

const python = ({ url, tenant_id, meter_id, type }: SnippetEvent): string =>
  type === "volume"
    ? `# pip install meter-lib==0.1.0
from meter_lib import post_meter_usage

post_meter_usage(
    tenant_id=${text(tenant_id)},
    device_id=${text(DEVICE)},
    meter_id=${text(meter_id)},
    kafka_url=${text(url)},
    portal_url=${text(url)},
    api_key="KEY",
    total_usage=1,
)`
    : `# pip install meter-lib==0.1.0
import time
from meter_lib import post_ai_meter_usage

now = int(time.time() * 1000)
post_ai_meter_usage(
    tenant_id=${text(tenant_id)},
    device_id=${text(DEVICE)},
    meter_id=${text(meter_id)},
    kafka_url=${text(url)},
    portal_url=${text(url)},
    api_key="KEY",
    start_time=now - 60_000,
    end_time=now,
)`;

/** The code that sends the event. */
export const snippet = (language: Language, event: SnippetEvent, now: number): string =>
  language === "typescript" ? typescript(event) : language === "curl" ? curl(event, now) : python(event);
