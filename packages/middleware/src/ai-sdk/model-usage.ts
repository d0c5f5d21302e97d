import type { EventIssue } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";

/**
 * Tokens of one model call. `inputTokens` is the sum of `uncachedInputTokens`, `cachedInputTokens` and `cacheWriteInputTokens`: bill the
 * sum or its parts, not both.
 */
export interface ModelUsage {
  /** All input tokens, cached or not. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Input and output tokens. */
  readonly totalTokens: number;
  /** Input tokens neither read from nor written to the provider's cache. */
  readonly uncachedInputTokens: number;
  /** Input tokens read from the provider's cache. */
  readonly cachedInputTokens: number;
  /** Input tokens written to the provider's cache. */
  readonly cacheWriteInputTokens: number;
  /** Output tokens spent on reasoning that the reader does not see. */
  readonly reasoningTokens: number;
}

/** Usage as reported by a provider through the AI SDK, not validated yet. */
export interface ReportedUsage {
  readonly inputTokens?:
    | {
        readonly total?: unknown;
        readonly noCache?: unknown;
        readonly cacheRead?: unknown;
        readonly cacheWrite?: unknown;
      }
    | undefined;
  readonly outputTokens?: { readonly total?: unknown; readonly reasoning?: unknown } | undefined;
}

/** Returns the number of tokens, rounded to the nearest integer, or what is wrong with it. */
export const tokensOf = (
  field: keyof ModelUsage,
  reported: ReportedUsage | undefined,
): number | EventIssue => {
  const input = reported?.inputTokens?.total;
  const output = reported?.outputTokens?.total;
  switch (field) {
    case "inputTokens":
      return whole(field, input);
    case "outputTokens":
      return whole(field, output);
    case "uncachedInputTokens":
      return uncached(reported);
    case "cachedInputTokens":
      return cachePart(field, input, reported?.inputTokens?.cacheRead);
    case "cacheWriteInputTokens":
      return cachePart(field, input, reported?.inputTokens?.cacheWrite);
    case "reasoningTokens":
      return whole(field, reported?.outputTokens?.reasoning);
    case "totalTokens": {
      // Each part is rounded by itself, so that the total is the sum of the recorded parts.
      const [inputTokens, outputTokens] = [whole("inputTokens", input), whole("outputTokens", output)];
      if (typeof inputTokens !== "number") return { ...inputTokens, field };
      if (typeof outputTokens !== "number") return { ...outputTokens, field };
      return inputTokens + outputTokens;
    }
  }
};

/** Counts all input as uncached if the provider reports no cache, so that the parts add up to the total. */
const cachePart = (field: keyof ModelUsage, total: unknown, part: unknown): number | EventIssue =>
  part === undefined && typeof whole("inputTokens", total) === "number" ? 0 : whole(field, part);

const uncached = (reported: ReportedUsage | undefined): number | EventIssue => {
  const field = "uncachedInputTokens";
  const { total, noCache, cacheRead = 0, cacheWrite = 0 } = reported?.inputTokens ?? {};
  if (noCache !== undefined) return whole(field, noCache);
  const all = whole(field, total);
  const read = whole(field, cacheRead);
  const written = whole(field, cacheWrite);
  if (typeof all !== "number") return all;
  if (typeof read !== "number") return read;
  if (typeof written !== "number") return written;
  return whole(field, all - read - written);
};

const whole = (field: keyof ModelUsage, reported: unknown): number | EventIssue =>
  typeof reported === "number" && reported >= 0 && Math.round(reported) <= Number.MAX_SAFE_INTEGER
    ? Math.round(reported)
    : { field, given: describeValue(reported), expected: "a number of tokens from the provider" };
