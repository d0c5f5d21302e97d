import type { Catalog } from "../catalog/catalog.ts";
import type { DeliveryOptions } from "../delivery/rules/delivery-options.ts";
import { MeterError } from "../errors/meter-error.ts";
import type { ContextKey } from "../event/meter-event.ts";
import type { MeterClientOptions } from "./meter-client-options.ts";
import {
  AMOUNT,
  FUNCTION,
  given,
  has,
  isObject,
  issuesOf,
  OBJECT,
  oneOf,
  optional,
  type Rules,
  TEXT,
} from "./option-rules.ts";
import type { SessionRecovery } from "./session.ts";

const CLIENT: Rules<MeterClientOptions<Catalog, never>> = {
  transport: [has("send"), "an object with send()"],
  customerLookup: [has("lookup"), "an object with lookup()"],
  outbox: optional(has("commit"), "an object with commit()"),
  catalog: OBJECT,
  defaults: OBJECT,
  delivery: OBJECT,
  sessions: OBJECT,
  timeoutMs: optional((value) => typeof value === "number" && value > 0, "milliseconds, more than 0"),
  clock: optional(has("schedule"), "an object with now() and schedule()"),
  random: FUNCTION,
  redact: FUNCTION,
};
const DEFAULTS: Rules<Record<ContextKey, string>> = { tenant_id: TEXT, device_id: TEXT };
const DELIVERY: Rules<DeliveryOptions> = {
  lingerMs: AMOUNT,
  maxBatchEvents: AMOUNT,
  maxBatchBytes: AMOUNT,
  maxInFlight: AMOUNT,
  retryCapMs: AMOUNT,
  maxHeldEvents: AMOUNT,
  maxHeldBytes: AMOUNT,
  onFull: oneOf("refuse", "block"),
  ambiguity: oneOf("quarantine", "resend"),
  waitUntil: FUNCTION,
};
const SESSIONS: Rules<SessionRecovery> = {
  checkpointMs: AMOUNT,
  afterCrash: oneOf("close", "resume"),
  resumeWithinMs: AMOUNT,
};

/** @throws MeterError `invalid_options` that names every invalid option, or the runtime if it is too old */
export const checkClientOptions = (options: unknown): void => {
  // The client needs this and Node 20 does not have it. Without this check, the first call would fail halfway.
  if (typeof Promise.withResolvers !== "function") {
    const expected = "Node 22.18 or newer, or another runtime of 2024 or later";
    throw MeterError.fromIssues("invalid_options", [
      { field: "runtime", given: "a runtime without Promise.withResolvers", expected },
    ]);
  }
  if (!isObject(options)) {
    const expected = "an object with transport and customerLookup";
    throw MeterError.fromIssues("invalid_options", [{ field: "options", given: given(options), expected }]);
  }
  const { defaults, delivery, sessions }: { defaults?: unknown; delivery?: unknown; sessions?: unknown } =
    options;
  const issues = [
    ...issuesOf("", options, CLIENT),
    ...issuesOf("defaults.", defaults, DEFAULTS),
    ...issuesOf("delivery.", delivery, DELIVERY),
    ...issuesOf("sessions.", sessions, SESSIONS),
  ];
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};
