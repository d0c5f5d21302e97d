import type { Meter } from "./meter.ts";

/** Meters by id. With literal keys (see {@link defineCatalog}), the compiler checks the ids and fields of events. */
export type Catalog = Readonly<Record<string, Meter>>;

// `Extract`, because the compiler computes `keyof C & string` again for every call.
/** The ids of a catalog; `string` if the catalog is known only at run time. */
export type MeterId<C extends Catalog> = Extract<keyof C, string>;
