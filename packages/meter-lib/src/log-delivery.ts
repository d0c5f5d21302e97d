import type { MeterClient, UsageEvent } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";

/** A logger: `console`, pino, winston and others. */
export interface MeterLogger {
  warn(message: string): void;
  error(message: string): void;
}

/**
 * Logs what needs attention: events that are refused, rejected or quarantined, a blocked destination, a tenant
 * without a customer, an outbox that fails, a clock that is wrong. What happens repeatedly is logged the first, the
 * tenth, the hundredth time.
 */
export const logDelivery = (client: Pick<MeterClient, "on">, logger: MeterLogger): void => {
  const times = new Map<string, number>();
  const tell = (level: keyof MeterLogger, kind: string, message: string): void => {
    const count = (times.get(kind) ?? 0) + 1;
    times.set(kind, count);
    if (!isPowerOfTen(count)) return;
    logger[level](`meter-lib: ${message}${count === 1 ? "" : ` (${count} times)`}`);
  };
  client.on("refused", ({ error }) =>
    tell("error", `refused ${error.code}`, `an event was not recorded: ${error.code}: ${error.message}`),
  );
  client.on("rejected", ({ event, reason }) =>
    tell("error", "rejected", `${nameOf(event)} is a dead letter: ${reason}`),
  );
  client.on("quarantined", ({ event, reason }) =>
    tell("error", "quarantined", `${nameOf(event)} may have been counted, and is kept: ${reason}`),
  );
  client.on("blocked", ({ name, reason }) =>
    tell(
      "error",
      `blocked ${name}`,
      `${name} is blocked until somebody acts: ${reason ?? "no reason given"}`,
    ),
  );
  client.on("unblocked", ({ name }) => tell("warn", `unblocked ${name}`, `${name} works again`));
  client.on("parked", ({ tenant_id, reason }) =>
    tell("warn", "parked", `events of tenant ${describeValue(tenant_id)} wait for its customer: ${reason}`),
  );
  client.on("volatile", ({ error }) =>
    tell("error", "volatile", `the outbox stores no events, so they are kept in memory: ${String(error)}`),
  );
  client.on("durable", ({ outbox }) => tell("warn", "durable", `${outbox} takes events again`));
  client.on("warning", ({ message }) => tell("warn", `warning ${message}`, message));
  client.on("skew", ({ skewMs }) =>
    tell("warn", "skew", `this machine's clock differs from the receiver's by ${skewMs} ms`),
  );
};

const isPowerOfTen = (count: number): boolean => /^10*$/.test(String(count));

const nameOf = ({ event_id, tenant_id, meter_id }: UsageEvent): string =>
  `event ${event_id} (${meter_id}, tenant ${describeValue(tenant_id)})`;
