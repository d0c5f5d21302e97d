import type { StandardSchemaV1 } from "@standard-schema/spec";

/** `volume` counts things (`total_usage`); `performance` reports times (`start_time`, `end_time`). */
export type MeterType = "volume" | "performance";

/**
 * How events of a meter become usage: `sum` adds them up, `last` takes the newest value (for a level, such as storage), `max` takes
 * the highest.
 */
export type Aggregation = "sum" | "last" | "max";

/** Metadata of an event: text values by text keys. */
export type Metadata = Readonly<Record<string, string>>;

/** Metadata as a schema may return it: an undefined value is left out. */
export type SchemaMetadata = Readonly<Record<string, string | undefined>>;

/** A schema for a meter's metadata: any Standard Schema (https://standardschema.dev) with text values. It must be synchronous. */
export type MetadataSchema = StandardSchemaV1<SchemaMetadata, SchemaMetadata>;

/** One entry of a catalog; its key there is the meter's id. */
export interface Meter {
  readonly type: MeterType;
  /** A name for people to read. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** What one unit of usage is: `page`, `hour`, `gigabyte`. */
  readonly unit?: string | undefined;
  /** @default "sum" */
  readonly aggregation?: Aggregation | undefined;
  /** Types and checks the metadata of this meter's events. */
  readonly metadata?: MetadataSchema | undefined;
}
