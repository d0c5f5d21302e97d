import type { Metadata } from "../catalog/meter.ts";
import type { UsageEvent } from "./usage-event.ts";
import { utf8Size } from "./utf8-size.ts";

// The wire's own words around the caller's: names, braces, times, the event id.
const WIRE_OVERHEAD_BYTES = 160;

/** Events of one tenant and device come in runs: what was just measured is measured. */
const rememberLast = (): ((text: string) => number) => {
  let last = "";
  let size = 0;
  return (text) => {
    if (text !== last) {
      size = utf8Size(text);
      last = text;
    }
    return size;
  };
};

const tenantSize = rememberLast();
const deviceSize = rememberLast();

/** Size of an event in UTF-8 bytes: what the caller gave, with room for the wire's own words. */
export const eventSize = ({
  event_id,
  tenant_id,
  device_id,
  meter_id,
  session_id,
  metadata,
}: Omit<UsageEvent, "type">): number =>
  WIRE_OVERHEAD_BYTES +
  tenantSize(tenant_id) +
  deviceSize(device_id) +
  meter_id.length +
  event_id.length +
  (session_id?.length ?? 0) +
  (metadata === undefined ? 0 : metadataSize(metadata));

const metadataSize = (metadata: Metadata): number => {
  let bytes = 0;
  for (const key of Object.keys(metadata)) bytes += utf8Size(key) + utf8Size(metadata[key] ?? "") + 6;
  return bytes;
};
