import type { EventIssue } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";

/**
 * Tokens of one model call. `inputTokens` is the sum of `uncachedInputTokens`, `cachedInputTokens` and `cacheWriteInputTokens`: give a price
 * to the sum or to its parts, not to both.
 */
export interface ModelUsage {
  /** The whole input, cached or not. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Input and output. */
  readonly totalTokens: number;
  /** The part of the input that had nothing to do with a cache. */
  readonly uncachedInputTokens: number;
  /** The part of the input that came from the provider's cache. */
  readonly cachedInputTokens: number;
  /** The part of the input that was written to the provider's cache. */
  readonly cacheWriteInputTokens: number;
  /** The part of the output that the reader does not see. */
  readonly reasoningTokens: number;
}

/** What a provider reported, as the AI SDK's language models do; nothing of it is taken for granted. */
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

/** The number of tokens, or what is wrong with it. Tokens are whole: a fraction is rounded to the nearest. */
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
      // Rounded by itself, so that it is the sum of the other two as they are recorded.
      const [inputTokens, outputTokens] = [whole("inputTokens", input), whole("outputTokens", output)];
      if (typeof inputTokens !== "number") return { ...inputTokens, field };
      if (typeof outputTokens !== "number") return { ...outputTokens, field };
      return inputTokens + outputTokens;
    }
  }
};

/** Of a provider that reports the input without a word about its cache, nothing is cached: the parts add up to the whole. */
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
