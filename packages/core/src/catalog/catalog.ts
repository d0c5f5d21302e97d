import type { Meter } from "./meter.ts";

/** Meters by id. With literal keys (see {@link defineCatalog}) the ids and fields of events are checked by the compiler. */
export type Catalog = Readonly<Record<string, Meter>>;

// `Extract`, because the compiler works out `keyof C & string` anew for every call.
/** The ids of a catalog; `string` for a catalog known only at run time. */
export type MeterId<C extends Catalog> = Extract<keyof C, string>;
