import { type Catalog, describeValue, MeterError } from "@meter-lib/core";
import type { LanguageModelMiddleware } from "ai";
import type { MeterLanguageModelOptions } from "./meter-language-model-options.ts";
import { meterCall } from "./model-call-meter.ts";
import { isFailure, watchStream } from "./watch-stream.ts";

type WrapGenerate = NonNullable<LanguageModelMiddleware["wrapGenerate"]>;
type WrapStream = NonNullable<LanguageModelMiddleware["wrapStream"]>;

/**
 * A middleware of the Vercel AI SDK that meters every call of a language model once: its tokens, as the provider reports them, and its time.
 * Metering never changes or breaks the call.
 *
 * | the call                                  | tokens                           | time                        |
 * | ----------------------------------------- | -------------------------------- | --------------------------- |
 * | is answered                               | as reported                      | until the answer is whole   |
 * | is aborted, or its stream is cancelled    | none: nothing was reported       | until then                  |
 * | is left by a reader who cancels nothing   | none, unless `readToEnd`         | none, unless `readToEnd`    |
 * | fails                                     | as reported, if anything was     | none                        |
 *
 * A number that is missing, NaN, infinite or negative is no event, and `onError` is told when the call was answered; a fraction is rounded
 * to the nearest whole number.
 *
 * @throws MeterError `invalid_options` when no meter is named
 *
 * @example
 * ```ts
 * const model = wrapLanguageModel({
 *   model: provider("some-model"),
 *   middleware: meterLanguageModel({
 *     client: currentMeter,
 *     meters: { inputTokens: "llm.tokens.input", outputTokens: "llm.tokens.output", time: "chat.query.time_secs" },
 *   }),
 * });
 * ```
 */
export const meterLanguageModel = <const C extends Catalog>(
  options: MeterLanguageModelOptions<C>,
): LanguageModelMiddleware => {
  if (!Object.values(options.meters).some((meter_id) => meter_id !== undefined)) {
    throw MeterError.fromIssues("invalid_options", [
      { field: "meters", given: describeValue(options.meters), expected: "at least one meter" },
    ]);
  }
  const { readToEnd = false } = options;
  const wrapGenerate: WrapGenerate = async ({ doGenerate, params, model }) => {
    const { provider, modelId } = model;
    const end = meterCall(options, { kind: "generate", provider, modelId, params });
    try {
      const result = await doGenerate();
      end(isFailure(result) ? "failed" : "answered", result.usage);
      return result;
    } catch (error) {
      end(params.abortSignal?.aborted ? "aborted" : "failed");
      throw error;
    }
  };
  const wrapStream: WrapStream = async ({ doStream, params, model }) => {
    const { provider, modelId } = model;
    const end = meterCall(options, { kind: "stream", provider, modelId, params });
    try {
      const result = await doStream();
      return {
        ...result,
        stream: watchStream(result.stream, { end, signal: params.abortSignal, readToEnd }),
      };
    } catch (error) {
      end(params.abortSignal?.aborted ? "aborted" : "failed");
      throw error;
    }
  };
  return { specificationVersion: "v4", wrapGenerate, wrapStream };
};
