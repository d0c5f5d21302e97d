import type { ConnectionOptions } from "node:tls";
import {
  type Corrections,
  type Dedup,
  describeValue,
  type EventIssue,
  MeterError,
} from "@meter-lib/core/transport";
import * as v from "valibot";
import { type SaslOptions, saslSchema } from "./sasl-options.ts";

export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

export interface KafkaTransportOptions {
  /** Bootstrap brokers as `host:port`. One reachable broker is enough. */
  readonly brokers: readonly string[];
  /** Topic to write to. It must exist; it is never created. @default "usage-events" */
  readonly topic?: string | undefined;
  /** Names this client in the broker's logs, metrics and quotas. @default "meter-lib" */
  readonly clientId?: string | undefined;
  /**
   * Number of idempotent producers, each with one request in flight, because more could duplicate events after a lost response. It is
   * also the number of batches that the engine sends at once.
   * @default 4
   */
  readonly producers?: number | undefined;
  /** Compression of record batches. @default "lz4" */
  readonly compression?: Compression | undefined;
  /** SASL credentials. @default none */
  readonly sasl?: SaslOptions | undefined;
  /** TLS with the system's certificates, or with options of `node:tls`. @default false */
  readonly tls?: boolean | ConnectionOptions | undefined;
  /**
   * Timeout of one batch, in milliseconds: connecting, sending, and repeating a request without a response. Within it, unsure outcomes can
   * be clarified, because the broker recognizes a repeated request. If your cluster takes longer to recover, raise it together with the
   * client's `timeoutMs`. Each request gets a third of it, which leaves time to ask the successor of a broker that stopped responding.
   * @default 10000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Set it if the consumer drops a second event with the same `(tenant_id, event_id)`: only then are unsure events sent again. Kafka
   * itself detects repeats only within one producer's session.
   * @default false
   */
  readonly dedup?: false | Dedup | undefined;
  /**
   * Set it if the consumer keeps the highest `meter.revision` of each identity, as the pipeline does: only then can events be cancelled
   * and amended that may be counted. `true` if the consumer never forgets an identity; otherwise, for how long after an event was recorded,
   * shorter than the consumer remembers it.
   * @default false
   */
  readonly corrections?: boolean | Corrections | undefined;
  /** Called once after the cluster refused the credentials, before the destination is blocked. */
  readonly refreshCredentials?: ((context: { readonly signal: AbortSignal }) => Promise<void>) | undefined;
  /** Name shown in errors. @default "kafka " and the topic */
  readonly name?: string | undefined;
}

const wholeNumber = (from: number, to: number, expected: string) =>
  v.pipe(v.number(expected), v.integer(expected), v.minValue(from, expected), v.maxValue(to, expected));

// setTimeout takes at most 31 bits.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MAX_PRODUCERS = 64;
const BROKERS = "a list of host:port, at least one";
const TOPIC = "the name of a Kafka topic (1 to 249 of A–Z a–z 0–9 . _ -, not . or ..)";

const isAddress = (text: string): boolean => {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^\s/:@]+):(\d{1,5})$/.exec(text) ?? [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
};

const CORRECTIONS = "true, false or { cancelMs?, amendMs? } in milliseconds, integers ≥ 1";
const withinMs = v.exactOptional(wholeNumber(1, Number.MAX_SAFE_INTEGER, CORRECTIONS));
const correctionsSchema = v.strictObject({ cancelMs: withinMs, amendMs: withinMs });

const schema = v.strictObject({
  brokers: v.pipe(
    v.array(v.pipe(v.string("host:port"), v.check(isAddress, "host:port")), BROKERS),
    v.minLength(1, BROKERS),
  ),
  topic: v.optional(v.pipe(v.string(TOPIC), v.regex(/^(?!\.{1,2}$)[\w.-]{1,249}$/, TOPIC)), "usage-events"),
  clientId: v.optional(
    v.pipe(v.string("text without blanks"), v.regex(/^\S+$/, "text without blanks")),
    "meter-lib",
  ),
  producers: v.optional(wholeNumber(1, MAX_PRODUCERS, `an integer from 1 to ${MAX_PRODUCERS}`), 4),
  compression: v.optional(
    v.picklist(["none", "gzip", "snappy", "lz4", "zstd"], '"none", "gzip", "snappy", "lz4" or "zstd"'),
    "lz4",
  ),
  sasl: v.optional(saslSchema),
  tls: v.optional(
    v.union(
      [v.boolean(), v.custom<ConnectionOptions>((value) => typeof value === "object" && value !== null)],
      "true, false or options of node:tls",
    ),
    false,
  ),
  timeoutMs: v.optional(
    wholeNumber(1, LONGEST_TIMER_MS, `milliseconds, an integer from 1 to ${LONGEST_TIMER_MS}`),
    10_000,
  ),
  dedup: v.optional(
    v.union(
      [
        v.literal(false),
        v.strictObject({
          windowMs: wholeNumber(1, Number.MAX_SAFE_INTEGER, "milliseconds"),
          domain: v.exactOptional(v.string()),
        }),
      ],
      "false or { windowMs, domain? } with windowMs in milliseconds, an integer ≥ 1",
    ),
    false,
  ),
  corrections: v.optional(v.union([v.boolean(), correctionsSchema], CORRECTIONS), false),
  refreshCredentials: v.optional(
    v.custom<NonNullable<KafkaTransportOptions["refreshCredentials"]>>(
      (value) => typeof value === "function",
      "a function",
    ),
  ),
  name: v.optional(v.string("text")),
});

export type CheckedOptions = v.InferOutput<typeof schema>;

/**
 * Validates options and fills in defaults.
 *
 * @throws MeterError `invalid_options` that names every invalid field
 */
export const checkOptions = (options: unknown): CheckedOptions => {
  const result = v.safeParse(schema, options);
  if (!result.success) throw MeterError.fromIssues("invalid_options", result.issues.map(toIssue));
  return result.output;
};

const toIssue = (issue: v.BaseIssue<unknown>): EventIssue => {
  const field = v.getDotPath(issue) ?? "options";
  if (issue.type === "strict_object" && issue.expected === "never") {
    return { field, given: "a value", expected: "no option of this name" };
  }
  const expected = issue.type === "strict_object" ? expectedOfAll(issue) : issue.message;
  if (issue.input === undefined) return { field, given: "nothing", expected };
  // Secrets may hide in these.
  const isSecret = /^(?:sasl|tls)\b/.test(field) && field !== "sasl.mechanism";
  if (typeof issue.input === "string" && issue.input.includes("@"))
    return { field, given: "text with an @, as credentials have it", expected };
  return { field, given: isSecret ? `a ${typeof issue.input}` : describeValue(issue.input), expected };
};

/** The expected value of the options object itself, or of a missing option. */
const expectedOfAll = ({ expected }: v.BaseIssue<unknown>): string =>
  expected === "Object" ? "an object" : "a value (it has no default)";
