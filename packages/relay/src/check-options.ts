import { describeValue, type EventIssue, MeterError } from "@meter-lib/core";
import type { RelayOptions } from "./relay-options.ts";

/** @throws MeterError `invalid_options`, naming every field at fault */
export const checkOptions = (options: RelayOptions): void => {
  const issues: EventIssue[] = [];
  const expect = (field: string, value: unknown, isRight: boolean, expected: string): void => {
    if (!isRight)
      issues.push({ field, given: value === undefined ? "nothing" : describeValue(value), expected });
  };
  const expectPositive = (field: string, value: number | undefined): void =>
    expect(
      field,
      value,
      value === undefined || (Number.isSafeInteger(value) && value > 0),
      "an integer above 0",
    );
  const { authenticate, dedup, origins, client, transport, customerLookup, limits = {} } = options;

  expect("authenticate", authenticate, typeof authenticate === "function", "a function");
  expect("dedup", dedup, typeof dedup?.claim === "function", "a dedup store, such as sqliteDedup({ path })");
  if (Array.isArray(origins)) {
    for (const origin of origins)
      expect("origins", origin, isOrigin(origin), "an origin as browsers write it: https://app.example.com");
  } else {
    expect("origins", origins, typeof origins === "function", "a list of origins, or a function");
  }
  if (client === undefined) {
    expect("transport", transport, typeof transport?.send === "function", "a transport, or else a client");
    expect(
      "customerLookup",
      customerLookup,
      typeof customerLookup?.lookup === "function",
      "a customer lookup, or else a client",
    );
  } else {
    expect("client", client, typeof client.ingest === "function", "an object with ingest()");
    expect("transport", transport, transport === undefined, "no transport beside a client");
  }
  for (const field of ["maxBodyBytes", "maxEvents", "bodyTimeoutMs", "maxConcurrent"] as const)
    expectPositive(`limits.${field}`, limits[field]);
  for (const field of ["clockThresholdMs", "handOffTimeoutMs", "leaseMs"] as const)
    expectPositive(field, options[field]);
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};

const isOrigin = (given: unknown): boolean =>
  typeof given === "string" && URL.canParse(given) && new URL(given).origin === given;
