import type { Catalog } from "../catalog/catalog.ts";
import type { EventIssue } from "../check/event-issue.ts";
import { MeterError } from "../errors/meter-error.ts";
import { hasMetadata } from "../event/check-metadata.ts";
import type { CarriedMeter, Transport } from "../strategies/transport.ts";

/** @throws MeterError `invalid_options` that names every meter whose events the transport can never carry */
export const checkMeters = (catalog: Catalog, transport: Transport): void => {
  if (transport.check?.meter === undefined) return;
  const issues = Object.entries(catalog).flatMap(
    ([meter_id, meter]) =>
      issueOf(transport, { meter_id, type: meter.type, hasMetadata: hasMetadata(meter) }) ?? [],
  );
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};

const issueOf = (transport: Transport, meter: CarriedMeter): EventIssue | undefined => {
  try {
    return transport.check?.meter?.(meter);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return {
      field: "transport.check.meter",
      given: `an error: ${words}`,
      expected: "a function that does not throw",
    };
  }
};
