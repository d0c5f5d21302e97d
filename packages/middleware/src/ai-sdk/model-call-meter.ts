import { type Catalog, type EventIssue, MeterError } from "@meter-lib/core";
import { type EventRecorder, recordAll, reporter } from "../metering/event-recorder.ts";
import type { MeterLanguageModelOptions, ModelCall, ModelOutcome } from "./meter-language-model-options.ts";
import { type ModelUsage, type ReportedUsage, tokensOf } from "./model-usage.ts";

const NOT_RECORDED = "meter-lib: the usage of a model call was not recorded:";

const TOKEN_FIELDS = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "uncachedInputTokens",
  "cachedInputTokens",
  "cacheWriteInputTokens",
  "reasoningTokens",
] as const satisfies readonly (keyof ModelUsage)[];

/** Ends a model call and records its events. Only the first invocation has an effect. Never throws. */
export type EndCall = (outcome: ModelOutcome, usage?: ReportedUsage | undefined) => void;

/** Starts metering a call. Resolves the client here, while the caller's async context is active. */
export const meterCall = <C extends Catalog>(
  options: MeterLanguageModelOptions<C>,
  call: ModelCall,
): EndCall => {
  const report = reporter(options.onError, NOT_RECORDED);
  const start_time = Date.now();
  const recorder = attempt(report, (): EventRecorder | undefined =>
    typeof options.client === "function" ? options.client(call) : options.client,
  );
  if (recorder === undefined) return () => {};
  const metadata = attempt(report, () => options.metadata?.(call));

  // A reader who stops lets the invocation end, so a stream that is read to its end must be waited for from the start.
  const { promise: delivered, resolve: deliver } = Promise.withResolvers<unknown>();
  const keepAlive = (work: Promise<unknown>) => tell(report, () => options.waitUntil?.(work));
  if (options.readToEnd) keepAlive(delivered);

  let ended = false;
  return (outcome, usage) => {
    if (ended) return;
    ended = true;
    attempt(report, () => {
      const end_time = Math.max(start_time, Date.now());
      const { events, issues } = eventsOf(options.meters, outcome, usage, { start_time, end_time });
      const receipts = recordAll(
        recorder,
        events.map((event) => (metadata === undefined ? event : { ...event, metadata })),
        report,
      );
      if (outcome === "answered" && issues.length > 0)
        report(
          MeterError.fromIssues(
            "invalid_event",
            issues.map(({ issue }) => issue),
          ),
        );
      const missing = issues.map(({ field }) => field);
      tell(report, () => options.onMetered?.({ ...call, outcome, start_time, end_time, receipts, missing }));
      const flushed = recorder.flush().catch(report);
      deliver(flushed);
      if (!options.readToEnd) keepAlive(flushed);
    });
  };
};

interface Missing {
  readonly field: keyof ModelUsage;
  readonly issue: EventIssue;
}

const eventsOf = (
  meters: Readonly<Partial<Record<keyof ModelUsage | "time", string | undefined>>>,
  outcome: ModelOutcome,
  usage: ReportedUsage | undefined,
  timing: { readonly start_time: number; readonly end_time: number },
) => {
  const events: object[] = [];
  const issues: Missing[] = [];
  for (const field of TOKEN_FIELDS) {
    const meter_id = meters[field];
    if (meter_id === undefined) continue;
    const tokens = tokensOf(field, usage);
    if (typeof tokens === "number") events.push({ meter_id, total_usage: tokens });
    else issues.push({ field, issue: tokens });
  }
  // The time of a failed call is not billed.
  if (meters.time !== undefined && outcome !== "failed") events.push({ meter_id: meters.time, ...timing });
  return { events, issues };
};

/** Calls a hook whose answer nobody needs, and reports if it throws or rejects. */
const tell = (report: (error: unknown) => void, hook: () => unknown): void => {
  void (async () => hook())().catch(report);
};

const attempt = <Value>(report: (error: unknown) => void, work: () => Value): Value | undefined => {
  try {
    return work();
  } catch (error) {
    report(error);
    return undefined;
  }
};
