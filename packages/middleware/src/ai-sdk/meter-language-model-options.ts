import type {
  Catalog,
  Metadata,
  MeterClient,
  PerformanceMeterId,
  Receipt,
  VolumeMeterId,
} from "@meter-lib/core";
import type { LanguageModelMiddleware } from "ai";
import type { ModelUsage } from "./model-usage.ts";

type WrapGenerate = NonNullable<LanguageModelMiddleware["wrapGenerate"]>;

/** A call of a language model: one request to its provider. */
export interface ModelCall {
  readonly kind: "generate" | "stream";
  readonly provider: string;
  readonly modelId: string;
  /** Parameters that the AI SDK passes to the model, including `providerOptions`. */
  readonly params: Parameters<WrapGenerate>[0]["params"];
}

/** A client bound to a tenant and a device. */
export type ModelMeter<C extends Catalog> = MeterClient<C, "tenant_id" | "device_id">;

/** The meter for each quantity of a model call. Set at least one. */
export type ModelMeters<C extends Catalog> = {
  readonly [Field in keyof ModelUsage]?: VolumeMeterId<C> | undefined;
} & {
  /** Time from the call to the end of the response. */
  readonly time?: PerformanceMeterId<C> | undefined;
};

/**
 * How a model call ended:
 * - `answered`: with a response, or with the `finish` part of a stream
 * - `failed`: with an error, a stream without a `finish` part, or the finish reason `error` or `interrupted`
 * - `aborted`: by the caller's `abortSignal`
 * - `cancelled`: by the reader of the stream
 */
export type ModelOutcome = "answered" | "failed" | "aborted" | "cancelled";

/** A call that has ended, and the events recorded for it. */
export interface MeteredModelCall extends ModelCall {
  readonly outcome: ModelOutcome;
  /** Milliseconds since the epoch. */
  readonly start_time: number;
  readonly end_time: number;
  /** One receipt for each recorded event. */
  readonly receipts: readonly Receipt[];
  /** Quantities without an event because the provider reported no valid number. */
  readonly missing: readonly (keyof ModelUsage)[];
}

export interface MeterLanguageModelOptions<C extends Catalog> {
  /**
   * A client bound to tenant and device, or a function that returns one when a call starts: `currentMeter` of a `meterContext`, or your
   * own that reads `params.providerOptions`. If the function returns undefined, the call is not metered.
   */
  readonly client: ModelMeter<C> | ((call: ModelCall) => ModelMeter<C> | undefined);
  readonly meters: ModelMeters<C>;
  /** Returns metadata for the events of a call, such as the model's name. Not all transports send metadata. */
  readonly metadata?: ((call: ModelCall) => Metadata) | undefined;
  /**
   * Reads a stream to its end even if its reader stops or cancels, so that the provider reports the tokens. An `abortSignal` still ends
   * it.
   * @default false
   */
  readonly readToEnd?: boolean | undefined;
  /**
   * Keeps a serverless invocation alive until the events are delivered. Called with one promise per call, when the call ends, or with
   * `readToEnd` when it starts.
   */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined;
  /** Called once for each call, when it has ended. */
  readonly onMetered?: ((call: MeteredModelCall) => void) | undefined;
  /**
   * Called when usage could not be recorded: the provider reported no valid number, an event was rejected, or one of your functions
   * threw. The model call is not affected.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}
