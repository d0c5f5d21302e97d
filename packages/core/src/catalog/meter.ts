import type { StandardSchemaV1 } from "@standard-schema/spec";

/** `volume` counts things (`total_usage`); `performance` reports times (`start_time`, `end_time`). */
export type MeterType = "volume" | "performance";

/**
 * How a bill is made of a meter's events: `sum` adds them up, `last` takes the newest value (a level, such as
 * storage), `max` the highest.
 */
export type Aggregation = "sum" | "last" | "max";

/** Text in, text out: what may travel beside an event. */
export type Metadata = Readonly<Record<string, string>>;

/** Metadata as a schema may see it: an optional key may be undefined, and is then left out. */
export type SchemaMetadata = Readonly<Record<string, string | undefined>>;

/**
 * A schema for a meter's metadata: any Standard Schema (https://standardschema.dev) with text values.
 * It must be synchronous.
 */
export type MetadataSchema = StandardSchemaV1<SchemaMetadata, SchemaMetadata>;

/** One entry of a catalog; its key there is the meter's id. */
export interface Meter {
  readonly type: MeterType;
  /** A name for people. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** What one unit of usage is: `page`, `hour`, `gigabyte`. */
  readonly unit?: string | undefined;
  /** @default "sum" */
  readonly aggregation?: Aggregation | undefined;
  /** When given, the metadata of this meter's events is typed and checked at the call. */
  readonly metadata?: MetadataSchema | undefined;
}
