import type { LanguageModelMiddleware } from "ai";

type Transform = NonNullable<LanguageModelMiddleware["transformParams"]>;
export type CallParams = Awaited<ReturnType<Transform>>;

// Known to every copy of this module; no JSON shows it to a provider, and a middleware that copies the parameters keeps it.
const METERED = Symbol.for("meter-lib.metered");

/** The parameters with a mark of which meters count this call, behind the marks of the middlewares around. */
export const markMetered = (params: CallParams, meter_ids: readonly string[]): CallParams => {
  const marked = { ...params, [METERED]: [...marksOf(params), meter_ids] };
  return marked;
};

/** The meters with which a middleware further out counts the same call. */
export const meteredOutside = (params: CallParams): ReadonlySet<unknown> =>
  // The last mark is one's own.
  new Set(marksOf(params).slice(0, -1).flat());

const marksOf = (params: CallParams): readonly unknown[] => {
  const marks: unknown = Reflect.get(params, METERED);
  return Array.isArray(marks) ? marks : [];
};
