import { type Corrections, describeValue, type EventIssue } from "@meter-lib/core/transport";
import * as v from "valibot";
import {
  type Checked,
  checkHttpOptions,
  type HttpOptions,
  httpEntries,
  wholeNumber,
} from "./http-options.ts";

export interface FetchTransportOptions extends HttpOptions {
  /**
   * API of the receiver: `events` posts single events to `/api/v1/events`; `kafka-rest` posts batches of records to
   * `/topics/usage-events`.
   * @default "events"
   */
  readonly dialect?: "events" | "kafka-rest" | undefined;
  /** Kafka topic, for the dialect `kafka-rest`. @default "usage-events" */
  readonly topic?: string | undefined;
  /**
   * Set it if what reads the topic keeps the highest `meter.revision` of each identity, as the sandbox and the pipeline do: only then can
   * events be cancelled and amended that may be counted. `true` if it never forgets an identity; otherwise, for how long after an event
   * was recorded, shorter than the identity is remembered. For the dialect `kafka-rest`, with ids on the wire.
   * @default false
   */
  readonly corrections?: boolean | Corrections | undefined;
  /**
   * Sends exactly the bytes of meter-lib for Python: without event ids and, in `events`, without times. The receiver can then not
   * detect duplicates and, in `events`, does not know when the usage happened.
   * @default false
   */
  readonly strictWire?: boolean | undefined;
}

const CORRECTIONS = "true, false or { cancelMs?, amendMs? } in milliseconds, integers ≥ 1";
const withinMs = v.exactOptional(wholeNumber(1, Number.MAX_SAFE_INTEGER, CORRECTIONS));
const correctionsSchema = v.strictObject({ cancelMs: withinMs, amendMs: withinMs });

const schema = v.strictObject({
  ...httpEntries,
  dialect: v.optional(v.picklist(["events", "kafka-rest"], '"events" or "kafka-rest"'), "events"),
  topic: v.optional(
    v.pipe(
      v.string("the name of a Kafka topic"),
      v.regex(
        /^(?!\.{1,2}$)[\w.-]{1,249}$/,
        "the name of a Kafka topic (1 to 249 of A–Z a–z 0–9 . _ -, not . or ..)",
      ),
    ),
  ),
  corrections: v.optional(v.union([v.boolean(), correctionsSchema], CORRECTIONS), false),
  strictWire: v.optional(v.boolean("true or false"), false),
});

export type CheckedOptions = Checked<v.InferOutput<typeof schema>>;

/**
 * Validates options and fills in defaults.
 *
 * @throws MeterError `invalid_options` that names every invalid field
 */
export const checkOptions = (options: unknown): CheckedOptions =>
  checkHttpOptions(schema, options, ({ dialect, topic, corrections, strictWire }): readonly EventIssue[] => {
    const issues: EventIssue[] = [];
    if (topic !== undefined && dialect === "events")
      issues.push({
        field: "topic",
        given: describeValue(topic),
        expected: 'nothing with the dialect "events"',
      });
    if (corrections !== false && (dialect === "events" || strictWire))
      issues.push({
        field: "corrections",
        given: describeValue(corrections),
        expected: 'false with the dialect "events" and with strictWire, which have no place for them',
      });
    return issues;
  });
