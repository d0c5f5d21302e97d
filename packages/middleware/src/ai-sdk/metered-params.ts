import type { LanguageModelMiddleware } from "ai";

type Transform = NonNullable<LanguageModelMiddleware["transformParams"]>;
export type CallParams = Awaited<ReturnType<Transform>>;

// Shared by all copies of this module, absent from JSON sent to a provider, and kept when a middleware copies the parameters.
const METERED = Symbol.for("meter-lib.metered");

/** Returns the parameters with a mark of the meters that count this call, after those of the outer middlewares. */
export const markMetered = (params: CallParams, meter_ids: readonly string[]): CallParams => {
  const marked = { ...params, [METERED]: [...marksOf(params), meter_ids] };
  return marked;
};

/** Returns the meters with which an outer middleware counts this call. */
export const meteredOutside = (params: CallParams): ReadonlySet<unknown> =>
  // The last mark is our own.
  new Set(marksOf(params).slice(0, -1).flat());

const marksOf = (params: CallParams): readonly unknown[] => {
  const marks: unknown = Reflect.get(params, METERED);
  return Array.isArray(marks) ? marks : [];
};
