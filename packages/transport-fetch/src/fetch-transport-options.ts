import { describeValue, type EventIssue } from "@meter-lib/core/transport";
import * as v from "valibot";
import { type Checked, checkHttpOptions, type HttpOptions, httpEntries } from "./http-options.ts";

export interface FetchTransportOptions extends HttpOptions {
  /**
   * What the receiver speaks: `events` posts one event at a time to `/api/v1/events`, `kafka-rest` posts batches of
   * records to `/topics/usage-events`.
   * @default "events"
   */
  readonly dialect?: "events" | "kafka-rest" | undefined;
  /** The Kafka topic; only with the dialect `kafka-rest`. @default "usage-events" */
  readonly topic?: string | undefined;
  /**
   * Send the bytes that meter-lib for Python sends and nothing more: no event id, no time in `events`. A receiver can
   * then neither tell a repeat nor, in `events`, when it was used.
   * @default false
   */
  readonly strictWire?: boolean | undefined;
}

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
  strictWire: v.optional(v.boolean("true or false"), false),
});

export type CheckedOptions = Checked<v.InferOutput<typeof schema>>;

/** Fills in the defaults. Throws a MeterError `invalid_options` that names every field at fault. */
export const checkOptions = (options: unknown): CheckedOptions =>
  checkHttpOptions(schema, options, ({ dialect, topic }): readonly EventIssue[] =>
    topic === undefined || dialect === "kafka-rest"
      ? []
      : [{ field: "topic", given: describeValue(topic), expected: 'nothing with the dialect "events"' }],
  );
