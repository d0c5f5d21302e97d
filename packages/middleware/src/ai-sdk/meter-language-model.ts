import { type Catalog, MeterError } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";
import type { LanguageModelMiddleware } from "ai";
import { reporter } from "../metering/event-recorder.ts";
import type { MeterLanguageModelOptions, ModelCall } from "./meter-language-model-options.ts";
import { markMetered, meteredOutside } from "./metered-params.ts";
import { type EndCall, meterCall } from "./model-call-meter.ts";
import { isFailure, watchStream } from "./watch-stream.ts";

const WRAPPED_TWICE = "meter-lib: a language model is metered twice:";

type TransformParams = NonNullable<LanguageModelMiddleware["transformParams"]>;
type WrapGenerate = NonNullable<LanguageModelMiddleware["wrapGenerate"]>;
type WrapStream = NonNullable<LanguageModelMiddleware["wrapStream"]>;

/**
 * Creates a Vercel AI SDK middleware that meters each call of a language model once: its tokens, as reported by the provider, and its
 * time. Metering never changes or breaks the call.
 *
 * | the call                                  | tokens                           | time                        |
 * | ----------------------------------------- | -------------------------------- | --------------------------- |
 * | is answered                               | as reported                      | until the response is complete |
 * | is aborted, or its stream is cancelled    | none: the provider reports none  | until then                  |
 * | has a stream that is no longer read       | none, unless `readToEnd`         | none, unless `readToEnd`    |
 * | fails                                     | as reported, if at all           | none                        |
 *
 * A number that is missing, NaN, infinite or negative is not recorded; if the call was answered, `onError` is called. Fractions are
 * rounded to the nearest integer. If a model is wrapped twice with the same meter, the outer middleware counts, and the inner one calls
 * its `onError` once.
 *
 * @throws MeterError `invalid_options` if `meters` names no meter
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
  const meter_ids = Object.values(options.meters).filter((meter_id) => meter_id !== undefined);
  const report = reporter(options.onError, WRAPPED_TWICE);
  let isTold = false;
  /** Starts metering a call, without the meters that an outer middleware already counts. */
  const begin = (call: ModelCall): EndCall => {
    const outside = meteredOutside(call.params);
    const twice = meter_ids.filter((meter_id) => outside.has(meter_id));
    if (twice.length === 0) return meterCall(options, call);
    if (!isTold)
      report(
        MeterError.fromIssues("invalid_options", [
          {
            field: "meters",
            given: `${twice.join(", ")} in two middlewares around one model`,
            expected: "each meter in one of them; the outer one counts",
          },
        ]),
      );
    isTold = true;
    const meters = Object.fromEntries(
      Object.entries(options.meters).filter(([, meter_id]) => !outside.has(meter_id)),
    );
    return meterCall({ ...options, meters }, call);
  };
  const transformParams: TransformParams = async ({ params }) => markMetered(params, meter_ids);
  const wrapGenerate: WrapGenerate = async ({ doGenerate, params, model }) => {
    const { provider, modelId } = model;
    const end = begin({ kind: "generate", provider, modelId, params });
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
    const end = begin({ kind: "stream", provider, modelId, params });
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
  return { specificationVersion: "v4", transformParams, wrapGenerate, wrapStream };
};
