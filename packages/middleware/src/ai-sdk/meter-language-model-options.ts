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

/** One call of a model: one request to its provider. */
export interface ModelCall {
  readonly kind: "generate" | "stream";
  readonly provider: string;
  readonly modelId: string;
  /** As the AI SDK hands them to the model; `providerOptions` of a call are in here. */
  readonly params: Parameters<WrapGenerate>[0]["params"];
}

/** A client that knows tenant and device already. */
export type ModelMeter<C extends Catalog> = MeterClient<C, "tenant_id" | "device_id">;

/** Which meters of the catalog count what of a model call; at least one. */
export type ModelMeters<C extends Catalog> = {
  readonly [Field in keyof ModelUsage]?: VolumeMeterId<C> | undefined;
} & {
  /** From the call to the whole answer. */
  readonly time?: PerformanceMeterId<C> | undefined;
};

/**
 * How a model call ended:
 * - `answered`: with an answer, or the `finish` part of a stream
 * - `failed`: the provider refused or broke off: an error, a stream without a `finish` part, the finish reasons `error` and `interrupted`
 * - `aborted`: by the caller's `abortSignal`
 * - `cancelled`: by the reader of the stream
 */
export type ModelOutcome = "answered" | "failed" | "aborted" | "cancelled";

/** What was metered of a call. */
export interface MeteredModelCall extends ModelCall {
  readonly outcome: ModelOutcome;
  /** Milliseconds since the epoch. */
  readonly start_time: number;
  readonly end_time: number;
  /** The events that were recorded. */
  readonly receipts: readonly Receipt[];
  /** Meters without an event, because the provider reported no usable number. */
  readonly missing: readonly (keyof ModelUsage)[];
}

export interface MeterLanguageModelOptions<C extends Catalog> {
  /**
   * Bound to tenant and device; or a function that finds it when a call begins: `currentMeter` of a `meterContext`, or by
   * `params.providerOptions`. Undefined: the call is not metered.
   */
  readonly client: ModelMeter<C> | ((call: ModelCall) => ModelMeter<C> | undefined);
  readonly meters: ModelMeters<C>;
  /** Travels with the events of a call, where the transport has a place for it: the model's name, say. */
  readonly metadata?: ((call: ModelCall) => Metadata) | undefined;
  /**
   * Reads a streamed answer to its end also when its reader stops or cancels, so that the provider reports its tokens. An `abortSignal` ends it
   * all the same.
   * @default false
   */
  readonly readToEnd?: boolean | undefined;
  /**
   * Keeps an invocation alive until the events are delivered; called with one promise for each call, when it ends. With `readToEnd` when
   * it begins, because the rest is then read also without a reader.
   */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined;
  /** Told of every call when it has ended, once. */
  readonly onMetered?: ((call: MeteredModelCall) => void) | undefined;
  /**
   * Told why usage was not recorded: no usable number of an answered call, a refused event, a function that threw. The call does not
   * notice.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}
