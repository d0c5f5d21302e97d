import { type EventIssue, MeterError } from "@meter-lib/core";
import { describeValue, foreignOptions, type OptionNames } from "@meter-lib/core/transport";
import type { RelayPolicy } from "./access/policy.ts";
import type { RelayLimits, RelayOptions } from "./relay-options.ts";

const POLICY: OptionNames<RelayPolicy> = {
  meters: true,
  maxUsage: true,
  maxDurationMs: true,
  maxAgeMs: true,
  maxFutureMs: true,
};
const LIMITS: OptionNames<RelayLimits> = {
  maxBodyBytes: true,
  maxEvents: true,
  bodyTimeoutMs: true,
  maxBodies: true,
  maxConcurrent: true,
};
const RATE: OptionNames<RelayOptions["rate"] & object> = { device: true, tenant: true };
const OPTIONS: OptionNames<RelayOptions> = {
  authenticate: true,
  dedup: true,
  origins: true,
  client: true,
  transport: true,
  customerLookup: true,
  catalog: true,
  ambiguity: true,
  allowVolatile: true,
  outboxName: true,
  allowMissingOrigin: true,
  allowCredentials: true,
  policy: true,
  limits: true,
  rate: true,
  clockThresholdMs: true,
  handOffTimeoutMs: true,
  leaseMs: true,
  onError: true,
  clock: true,
};

/** @throws MeterError `invalid_options` that names every invalid field */
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
  const {
    authenticate,
    dedup,
    origins,
    client,
    transport,
    customerLookup,
    policy = {},
    limits = {},
    rate = {},
  } = options;
  issues.push(
    ...foreignOptions("", options, OPTIONS),
    ...(typeof policy === "function" ? [] : foreignOptions("policy.", policy, POLICY)),
    ...foreignOptions("limits.", limits, LIMITS),
    ...foreignOptions("rate.", rate, RATE),
  );

  expect("authenticate", authenticate, typeof authenticate === "function", "a function");
  const isStore = typeof dedup?.claim === "function" && typeof dedup.settle === "function";
  expect("dedup", dedup, isStore, "a dedup store, such as sqliteDedup({ path })");
  if (isStore) expectPositive("dedup.windowMs", dedup.windowMs);
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
  const isLimit = (value: unknown): boolean => typeof value === "number" && value >= 0;
  const expectLimit = (field: string, value: unknown): void =>
    expect(field, value, value === undefined || isLimit(value), "a number ≥ 0");
  if (typeof policy !== "function") {
    for (const field of ["maxUsage", "maxDurationMs"] as const) {
      const limit = policy[field];
      if (typeof limit !== "object") expectLimit(`policy.${field}`, limit);
      else
        for (const [meter_id, most] of Object.entries(limit))
          expectLimit(`policy.${field}.${meter_id}`, most);
    }
    for (const field of ["maxAgeMs", "maxFutureMs"] as const) expectLimit(`policy.${field}`, policy[field]);
  }
  for (const field of ["maxBodyBytes", "maxEvents", "bodyTimeoutMs", "maxBodies", "maxConcurrent"] as const)
    expectPositive(`limits.${field}`, limits[field]);
  for (const field of ["clockThresholdMs", "handOffTimeoutMs", "leaseMs"] as const)
    expectPositive(field, options[field]);
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};

const isOrigin = (given: unknown): boolean =>
  typeof given === "string" && URL.canParse(given) && new URL(given).origin === given;
