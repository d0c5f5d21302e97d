import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Catalog, MeterId } from "../catalog/catalog.ts";
import type { Metadata, MetadataSchema, Meter, MeterType } from "../catalog/meter.ts";

/** Fields that a client can be bound to, so that its calls may leave them out. */
export type ContextKey = "tenant_id" | "device_id";

/** The keys that a context certainly sets: an optional key binds nothing. */
export type BoundKeys<Ctx> = {
  [K in ContextKey]: Ctx extends { readonly [P in K]: string } ? K : never;
}[ContextKey];

/** Ids of volume meters (`total_usage`). `string` if the catalog is known only at run time. */
export type VolumeMeterId<C extends Catalog> = IdOfType<C, MeterId<C>, "volume">;

/** Ids of performance meters (`start_time`, `end_time`). `string` if the catalog is known only at run time. */
export type PerformanceMeterId<C extends Catalog> = IdOfType<C, MeterId<C>, "performance">;

/** Appears in compiler messages: `total_usage` must be an integer from 0 to `Number.MAX_SAFE_INTEGER`. No value has this type. */
export interface NonNegativeInteger {
  readonly "~expected": "an integer ≥ 0";
}

/**
 * A number as `total_usage`. A literal must be an integer ≥ 0; a wide `number` is checked at run time, and so are literals above
 * `Number.MAX_SAFE_INTEGER` and unions of literals.
 */
export type UsageNumber<N extends number> = number extends N
  ? N
  : `${N}` extends `-${string}` | `${string}.${string}` | `${string}e${string}` | "Infinity"
    ? NonNegativeInteger
    : N;

/** The fields that every event has. */
export interface CommonFields {
  /** When the usage took place, in milliseconds since the epoch. @default now */
  readonly event_time?: number | undefined;
  /** Identity of the event within its tenant; the same id is counted once. 1 to 255 visible ASCII characters. @default a UUIDv7 */
  readonly event_id?: string | undefined;
  /** Links the two boundaries of a session. */
  readonly session_id?: string | undefined;
}

/** The fields of an event of a volume meter. */
export interface VolumeFields<N extends number = number> {
  /** Units used: an integer from 0 to `Number.MAX_SAFE_INTEGER`. */
  readonly total_usage: UsageNumber<N>;
}

/** The fields of an event of a performance meter: at least one of the two times. */
export type PerformanceFields = StartTimeUnlessEndTime | EndTimeUnlessStartTime;

// The compiler's message about a missing time ends with one of these names.

/** A performance event with a start. */
export interface StartTimeUnlessEndTime {
  /** Milliseconds since the epoch. */
  readonly start_time: number;
  /** Milliseconds since the epoch. */
  readonly end_time?: number | undefined;
}

/** A performance event with an end. */
export interface EndTimeUnlessStartTime {
  /** Milliseconds since the epoch. */
  readonly start_time?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly end_time: number;
}

/** The fields of an event if the type of its meter is known only at run time, when required fields are checked. */
export interface RuntimeFields<N extends number = number> {
  /** Volume meters only, where it is required: an integer from 0 to `Number.MAX_SAFE_INTEGER`. */
  readonly total_usage?: UsageNumber<N> | undefined;
  /** Performance meters only: milliseconds since the epoch. */
  readonly start_time?: number | undefined;
  /** Performance meters only: milliseconds since the epoch. */
  readonly end_time?: number | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Tenant and device. Required unless the client is bound to them; the event may still name others. */
export type ContextFields<Bound extends ContextKey> = {
  readonly [K in Exclude<ContextKey, Bound>]: string;
} & {
  readonly [K in Bound]?: string | undefined;
};

/**
 * The argument of a call. Its fields follow from the type of the meter that `meter_id` names; its metadata from that meter's schema.
 *
 * @typeParam C - the client's catalog
 * @typeParam Bound - what the client is bound to
 * @typeParam Id - inferred: the ids that `meter_id` may be
 * @typeParam N - inferred: the type of `total_usage`
 */
export type EventInput<
  C extends Catalog,
  Bound extends ContextKey,
  Id extends MeterId<C>,
  N extends number,
> = {
  /** The meter that counts the event: an id of the client's catalog. */
  readonly meter_id: Id;
} & (string extends keyof C ? RuntimeFields<N> : MeterFields<C, Id, N>) &
  CommonFields &
  ContextFields<Bound>;

/**
 * What an event is to say instead: the fields that change. Its meter is named for the compiler, and stays; metadata changes as a whole.
 */
export type AmendedFields<C extends Catalog, Id extends MeterId<C>, N extends number> = {
  /** The event's own. */
  readonly meter_id: Id;
  /** When it was used, in milliseconds since the epoch. */
  readonly event_time?: number | undefined;
  readonly device_id?: string | undefined;
} & (string extends keyof C
  ? RuntimeFields<N>
  : AmendedOn<C[Id]["type"], N> & { readonly metadata?: MetadataInput<C[Id]> | undefined });

type AmendedOn<Type extends MeterType, N extends number> = Type extends "volume"
  ? Partial<VolumeFields<N>>
  : AmendedTimes;

interface AmendedTimes {
  /** Milliseconds since the epoch. */
  readonly start_time?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly end_time?: number | undefined;
}

/**
 * Any event of a catalog, for code that builds events first and sends them later. Every call accepts it.
 *
 * @typeParam Bound - what the client that will send it is bound to
 */
export type MeterEvent<C extends Catalog, Bound extends ContextKey = never> = (string extends keyof C
  ? { readonly meter_id: string } & RuntimeFields
  : SplitFields<C, MeterId<C>>) &
  CommonFields &
  ContextFields<Bound>;

/** Ids of the meters of one type. */
export type IdOfType<C extends Catalog, Id extends MeterId<C>, Type extends MeterType> = Id extends unknown
  ? Type extends C[Id]["type"]
    ? Id
    : never
  : never;

// A conditional type, because the compiler infers N through one, and an object type would offer each field to every meter.
type FieldsOn<Type extends MeterType, N extends number> = Type extends "volume"
  ? VolumeFields<N>
  : PerformanceFields;

// Look fields up by the meter's type, not by its id: the compiler distinguishes at most 25 members of a union. With a member per id, a
// variable of type "any volume id" would stop working beyond 25 meters.
type FieldsOfType<C extends Catalog, Id extends MeterId<C>, N extends number> = {
  readonly [T in C[Id]["type"]]: { readonly meter_id: IdOfType<C, Id, T> } & FieldsOn<T, N>;
}[C[Id]["type"]];

// Computed for the whole catalog, so that the compiler has the result before it looks at a call.
type MeterFields<C extends Catalog, Id extends MeterId<C>, N extends number> = [
  SchemaId<C, MeterId<C>>,
] extends [never]
  ? FieldsOfType<C, Id, N> & FreeMetadata
  : FieldsAndMetadata<C, Id, N>;

// If `meter_id` may be one of several ids, the metadata may be that of any of them; the run-time check decides. (An intersection, or a
// member per id, would be built again for every call.)
type FieldsAndMetadata<C extends Catalog, Id extends MeterId<C>, N extends number> = {
  readonly [T in C[Id]["type"]]: {
    readonly [D in Demand<C[Id]>]: { readonly meter_id: IdOfDemand<C, IdOfType<C, Id, T>, D> } & FieldsOn<
      T,
      N
    > &
      MetadataOn<MetadataInput<C[IdOfDemand<C, Id, D>]>>[D];
  }[Demand<C[Id]>];
}[C[Id]["type"]];

interface MetadataOn<Input> {
  readonly required: { readonly metadata: Input };
  readonly optional: { readonly metadata?: Input | undefined };
}

// Metadata is required if the schema requires a key.
type Demand<M extends Meter> = M extends unknown
  ? Record<never, never> extends MetadataInput<M>
    ? "optional"
    : "required"
  : never;

// With metadata, any id is valid; without, only ids that do not require it.
type IdOfDemand<
  C extends Catalog,
  Id extends MeterId<C>,
  D extends keyof MetadataOn<unknown>,
> = D extends "required" ? Id : Id extends unknown ? (D extends Demand<C[Id]> ? Id : never) : never;

type MetadataInput<M extends Meter> = M extends { readonly metadata: infer S extends MetadataSchema }
  ? StandardSchemaV1.InferInput<S>
  : Metadata;

// One member per id for meters with a schema, so that each has its own metadata.
type SplitFields<C extends Catalog, Id extends MeterId<C>> =
  | (FieldsOfType<C, Exclude<Id, SchemaId<C, Id>>, number> & FreeMetadata)
  | FieldsOfEach<C, SchemaId<C, Id>>;

type FieldsOfEach<C extends Catalog, Id extends MeterId<C>> = Id extends unknown
  ? FieldsOfType<C, Id, number> & MetadataOn<MetadataInput<C[Id]>>[Demand<C[Id]>]
  : never;

type SchemaId<C extends Catalog, Id extends MeterId<C>> = Id extends unknown
  ? C[Id] extends { readonly metadata: MetadataSchema }
    ? Id
    : never
  : never;

/** Metadata in the form that a meter's schema expects, if it is not part of a call's fields. */
export type MetadataFields<C extends Catalog, Id extends MeterId<C>> = string extends keyof C
  ? FreeMetadata
  : MetadataOn<MetadataInput<C[Id]>>[Demand<C[Id]>];

interface FreeMetadata {
  /** Text values that are sent with the event. */
  readonly metadata?: Metadata | undefined;
}
