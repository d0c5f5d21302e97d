import { describeValue, type EventIssue } from "@meter-lib/core";

/** Tokens of one model call. */
export interface ModelUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Input and output. */
  readonly totalTokens: number;
  /** The part of the input that came from the provider's cache. */
  readonly cachedInputTokens: number;
  /** The part of the output that the reader does not see. */
  readonly reasoningTokens: number;
}

/** What a provider reported, as the AI SDK's language models do; nothing of it is taken for granted. */
export interface ReportedUsage {
  readonly inputTokens?: { readonly total?: unknown; readonly cacheRead?: unknown } | undefined;
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
    case "cachedInputTokens":
      return whole(field, reported?.inputTokens?.cacheRead);
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

const whole = (field: keyof ModelUsage, reported: unknown): number | EventIssue =>
  typeof reported === "number" && reported >= 0 && Math.round(reported) <= Number.MAX_SAFE_INTEGER
    ? Math.round(reported)
    : { field, given: describeValue(reported), expected: "a number of tokens from the provider" };
