import { MeterError } from "../errors/meter-error.ts";
import type { EventContext } from "../event/check-event.ts";
import type { LedgerRange, OutboxQuery, OutboxSelection } from "../log/outbox/outbox-query.ts";
import type { DrainOptions, PostOptions, TransactionOptions } from "./meter-client.ts";
import {
  AMOUNT,
  given,
  has,
  isObject,
  issuesOf,
  oneOf,
  optional,
  type Rule,
  type Rules,
  TEXT,
} from "./option-rules.ts";
import type { SessionOptions } from "./session.ts";

const ANYTHING: Rule = [() => true, ""];
const IDS = optional(
  (value) => Array.isArray(value) && value.every((id) => typeof id === "string"),
  "a list of event ids",
);
const LETTERS = ["rejected", "quarantined"] as const;

const POST: Rules<PostOptions> = { signal: optional(has("addEventListener"), "an AbortSignal") };
const RECORD: Rules<TransactionOptions> = { lane: oneOf("live", "backfill"), tx: ANYTHING };
const DRAIN: Rules<DrainOptions> = { timeoutMs: AMOUNT };
const SESSION: Rules<SessionOptions> = {
  scope: oneOf("device", "process"),
  // Judged with the event that has it.
  startTime: ANYTHING,
};
const CONTEXT: Rules<EventContext> = { tenant_id: ANYTHING, device_id: ANYTHING };
const QUERY: Rules<OutboxQuery> = {
  state: oneOf("pending", "inflight", ...LETTERS),
  tenant_id: TEXT,
  event_id: TEXT,
  after: AMOUNT,
  limit: AMOUNT,
};
const [isLetter, letters] = oneOf(...LETTERS);
const SELECTION: Rules<OutboxSelection> = {
  state: [(value) => value !== undefined && isLetter(value), letters],
  tenant_id: TEXT,
  event_ids: IDS,
};
const RANGE: Rules<LedgerRange> = { from: AMOUNT, to: AMOUNT };

const CALLS = {
  post: POST,
  record: RECORD,
  drain: DRAIN,
  session: SESSION,
  context: CONTEXT,
  query: QUERY,
  selection: SELECTION,
  range: RANGE,
};

/**
 * Checks what a call is given beside events. A misspelt name would select everything, or bill the wrong tenant.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 */
export const checkCallOptions = (call: keyof typeof CALLS, options: unknown): void => {
  const issues = isObject(options)
    ? issuesOf("", options, CALLS[call])
    : [{ field: "options", given: given(options), expected: "an object" }];
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};
