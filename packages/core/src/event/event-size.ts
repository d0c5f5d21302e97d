import type { Metadata } from "../catalog/meter.ts";
import type { UsageEvent } from "./usage-event.ts";
import { utf8Size } from "./utf8-size.ts";

// What the wire format adds: names, braces, times, the event id.
const WIRE_OVERHEAD_BYTES = 160;

/** Consecutive events often share tenant and device, so the last measurement is reused. */
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

const tenantSize = /* @__PURE__ */ rememberLast();
const deviceSize = /* @__PURE__ */ rememberLast();

/** Returns the size of an event in UTF-8 bytes: the caller's fields, plus room for what the wire format adds. */
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
