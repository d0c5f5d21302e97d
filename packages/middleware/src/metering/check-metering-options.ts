import { type Catalog, type ContextKey, MeterError } from "@meter-lib/core";
import { describeValue, type EventIssue, foreignOptions, type OptionNames } from "@meter-lib/core/transport";
import type { MeteringOptions } from "./metering-options.ts";

const OPTIONS: OptionNames<MeteringOptions<Catalog, ContextKey, object>> = {
  client: true,
  tenant: true,
  context: true,
  waitUntil: true,
  onError: true,
};

/** @throws MeterError `invalid_options` that names every invalid option: a request later would only report it */
export const checkMeteringOptions = <C extends Catalog, B extends ContextKey, Request>(
  options: MeteringOptions<C, B, Request>,
): void => {
  const issues: EventIssue[] = [...foreignOptions("", options, OPTIONS)];
  const expect = (field: string, value: unknown, isRight: boolean, expected: string) => {
    if (!isRight)
      issues.push({ field, given: value === undefined ? "nothing" : describeValue(value), expected });
  };
  const { client, tenant, context, waitUntil, onError } = options;
  expect("client", client, typeof client?.with === "function", "a MeterClient");
  expect("tenant", tenant, typeof tenant === "function", "a function that returns the tenant of a request");
  const isScope = context === undefined || typeof context.runWithMeter === "function";
  expect("context", context, isScope, "a meterContext()");
  for (const [field, value] of Object.entries({ waitUntil, onError }))
    expect(field, value, value === undefined || typeof value === "function", "a function");
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};
