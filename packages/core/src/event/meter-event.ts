import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Catalog, MeterId } from "../catalog/catalog.ts";
import type { Metadata, MetadataSchema, Meter, MeterType } from "../catalog/meter.ts";

/** What a client can be bound to beforehand, so that its calls need not say it. */
export type ContextKey = "tenant_id" | "device_id";

/** The keys that a context surely sets: an optional one binds nothing. */
export type BoundKeys<Ctx> = {
  [K in ContextKey]: Ctx extends { readonly [P in K]: string } ? K : never;
}[ContextKey];

/** Ids of the meters that count (`total_usage`). `string` for a catalog known only at run time. */
export type VolumeMeterId<C extends Catalog> = IdOfType<C, MeterId<C>, "volume">;

/** Ids of the meters that report times (`start_time`, `end_time`). `string` for a catalog known only at run time. */
export type PerformanceMeterId<C extends Catalog> = IdOfType<C, MeterId<C>, "performance">;

/** Named in compiler messages: `total_usage` must be an integer from 0 to `Number.MAX_SAFE_INTEGER`. No value has this type. */
export interface NonNegativeInteger {
  readonly "~expected": "an integer ≥ 0";
}

/**
 * A number as `total_usage`: a wide `number` passes and is checked at run time; a literal must be an integer ≥ 0.
 * (Literals above `Number.MAX_SAFE_INTEGER` and unions of literals are left to the run time.)
 */
export type UsageNumber<N extends number> = number extends N
  ? N
  : `${N}` extends `-${string}` | `${string}.${string}` | `${string}e${string}` | "Infinity"
    ? NonNegativeInteger
    : N;

/** Fields of every event, whatever its meter. */
export interface CommonFields {
  /** When it was used, in milliseconds since the epoch. @default now */
  readonly event_time?: number | undefined;
  /** Identity of the event within its tenant: the same id is counted once. Visible ASCII, 1 to 255 characters. @default a UUIDv7 */
  readonly event_id?: string | undefined;
  /** Ties the two boundaries of a session together. */
  readonly session_id?: string | undefined;
}

/** Fields of an event of a volume meter. */
export interface VolumeFields<N extends number = number> {
  /** Units used: an integer from 0 to `Number.MAX_SAFE_INTEGER`. */
  readonly total_usage: UsageNumber<N>;
}

/** Fields of an event of a performance meter: at least one of the two times. */
export type PerformanceFields = StartTimeUnlessEndTime | EndTimeUnlessStartTime;

// The compiler's message about a missing time ends with one of these names.

/** A performance event that says when it began. */
export interface StartTimeUnlessEndTime {
  /** Milliseconds since the epoch. */
  readonly start_time: number;
  /** Milliseconds since the epoch. */
  readonly end_time?: number | undefined;
}

/** A performance event that says when it ended. */
export interface EndTimeUnlessStartTime {
  /** Milliseconds since the epoch. */
  readonly start_time?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly end_time: number;
}

/** Fields of an event when the meter's type is known only at run time; which of them it needs is checked there. */
export interface RuntimeFields<N extends number = number> {
  /** On volume meters only, and required there: an integer from 0 to `Number.MAX_SAFE_INTEGER`. */
  readonly total_usage?: UsageNumber<N> | undefined;
  /** On performance meters only: milliseconds since the epoch. */
  readonly start_time?: number | undefined;
  /** On performance meters only: milliseconds since the epoch. */
  readonly end_time?: number | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Tenant and device: required unless the client is bound to them; then the event may still name another. */
export type ContextFields<Bound extends ContextKey> = {
  readonly [K in Exclude<ContextKey, Bound>]: string;
} & {
  readonly [K in Bound]?: string | undefined;
};

/**
 * The argument of a call. The fields follow from the type of the meter that `meter_id` names; metadata from its
 * schema.
 *
 * @typeParam C - the client's catalog
 * @typeParam Bound - what the client is bound to
 * @typeParam Id - inferred: the id or ids that `meter_id` may be
 * @typeParam N - inferred: the type of `total_usage`
 */
export type EventInput<
  C extends Catalog,
  Bound extends ContextKey,
  Id extends MeterId<C>,
  N extends number,
> = {
  /** Which meter counts it: an id of the client's catalog. */
  readonly meter_id: Id;
} & (string extends keyof C ? RuntimeFields<N> : MeterFields<C, Id, N>) &
  CommonFields &
  ContextFields<Bound>;

/**
 * Any event of a catalog, for code that builds events first and sends them later: every call accepts it.
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

// Fields are looked up by the meter's type, not by its id: the compiler tells at most 25 members of a union apart,
// and with a member per id a variable of type "any volume id" would stop working beyond 25 meters.
type FieldsOfType<C extends Catalog, Id extends MeterId<C>, N extends number> = {
  readonly [T in C[Id]["type"]]: { readonly meter_id: IdOfType<C, Id, T> } & FieldsOn<T, N>;
}[C[Id]["type"]];

// Asked of the whole catalog, so that the compiler has the answer before it looks at a call.
type MeterFields<C extends Catalog, Id extends MeterId<C>, N extends number> = [
  SchemaId<C, MeterId<C>>,
] extends [never]
  ? FieldsOfType<C, Id, N> & FreeMetadata
  : FieldsAndMetadata<C, Id, N>;

// When `meter_id` may be one of several ids, the metadata may be that of any of them; the run time knows which.
// (An intersection of all of them, or a member per id, would be built anew for every call.)
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

// Metadata is required as soon as the schema requires a key.
type Demand<M extends Meter> = M extends unknown
  ? Record<never, never> extends MetadataInput<M>
    ? "optional"
    : "required"
  : never;

// With metadata, any id will do; without, one that does not require it.
type IdOfDemand<
  C extends Catalog,
  Id extends MeterId<C>,
  D extends keyof MetadataOn<unknown>,
> = D extends "required" ? Id : Id extends unknown ? (D extends Demand<C[Id]> ? Id : never) : never;

type MetadataInput<M extends Meter> = M extends { readonly metadata: infer S extends MetadataSchema }
  ? StandardSchemaV1.InferInput<S>
  : Metadata;

// A member per id for meters with a schema, so that each can have its own metadata.
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

/** Metadata as a meter's schema wants it, where it is not part of a call's fields. */
export type MetadataFields<C extends Catalog, Id extends MeterId<C>> = string extends keyof C
  ? FreeMetadata
  : MetadataOn<MetadataInput<C[Id]>>[Demand<C[Id]>];

interface FreeMetadata {
  /** Text that travels beside the event. */
  readonly metadata?: Metadata | undefined;
}
