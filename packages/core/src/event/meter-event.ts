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

/** Named in compiler messages: the field does not belong to meters of this type. No value has this type. */
export interface ForbiddenOn<Type extends MeterType> {
  readonly "~forbiddenOn": Type;
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

/** Fields of an event of a volume meter. `Foreign` is for compiler messages only. */
export interface VolumeFields<N extends number = number, Foreign = never> {
  /** Units used: an integer from 0 to `Number.MAX_SAFE_INTEGER`. */
  readonly total_usage: UsageNumber<N>;
  readonly start_time?: Foreign | undefined;
  readonly end_time?: Foreign | undefined;
}

/** Fields of an event of a performance meter: at least one of the two times. `Foreign` is for compiler messages only. */
export type PerformanceFields<Foreign = never> = StartFields<Foreign> | EndFields<Foreign>;

/** A performance event that says when it began. */
export interface StartFields<Foreign = never> {
  readonly total_usage?: Foreign | undefined;
  /** Milliseconds since the epoch. */
  readonly start_time: number;
  /** Milliseconds since the epoch. */
  readonly end_time?: number | undefined;
}

/** A performance event that says when it ended. */
export interface EndFields<Foreign = never> {
  readonly total_usage?: Foreign | undefined;
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
  readonly meter_id: Id;
  // Where N is inferred; the fields of the meter's type narrow it.
  readonly total_usage?: N | undefined;
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
  : SplitFields<C, MeterId<C>, ValueFields>) &
  CommonFields &
  ContextFields<Bound>;

type IdOfType<C extends Catalog, Id extends MeterId<C>, Type extends MeterType> = Id extends unknown
  ? Type extends C[Id]["type"]
    ? Id
    : never
  : never;

type FieldsByType = Readonly<Record<MeterType, object>>;

// In a call, a foreign field is refused with a name that says why.
interface CallFields<N extends number> {
  readonly volume: VolumeFields<N, ForbiddenOn<"volume">>;
  readonly performance: PerformanceFields<ForbiddenOn<"performance">>;
}

// In a value, a foreign field reads as undefined.
interface ValueFields {
  readonly volume: VolumeFields;
  readonly performance: PerformanceFields;
}

// Fields are looked up by the meter's type, not by its id: the compiler tells at most 25 members of a union apart,
// and with a member per id a variable of type "any volume id" would stop working beyond 25 meters.
type FieldsOfType<C extends Catalog, Id extends MeterId<C>, By extends FieldsByType> = {
  readonly [T in C[Id]["type"]]: { readonly meter_id: IdOfType<C, Id, T> } & By[T];
}[C[Id]["type"]];

// Asked of the whole catalog, so that the compiler has the answer before it looks at a call.
type MeterFields<C extends Catalog, Id extends MeterId<C>, N extends number> = [
  SchemaId<C, MeterId<C>>,
] extends [never]
  ? FieldsOfType<C, Id, CallFields<N>> & FreeMetadata
  : FieldsAndMetadata<C, Id, CallFields<N>>;

// When `meter_id` may be one of several ids, the metadata may be that of any of them; the run time knows which.
// (An intersection of all of them, or a member per id, would be built anew for every call.)
type FieldsAndMetadata<C extends Catalog, Id extends MeterId<C>, By extends FieldsByType> = {
  readonly [T in C[Id]["type"]]: {
    readonly [D in Demand<C[Id]>]: { readonly meter_id: IdOfDemand<C, IdOfType<C, Id, T>, D> } & By[T] &
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
type SplitFields<C extends Catalog, Id extends MeterId<C>, By extends FieldsByType> =
  | (FieldsOfType<C, Exclude<Id, SchemaId<C, Id>>, By> & FreeMetadata)
  | FieldsOfEach<C, SchemaId<C, Id>, By>;

type FieldsOfEach<C extends Catalog, Id extends MeterId<C>, By extends FieldsByType> = Id extends unknown
  ? FieldsOfType<C, Id, By> & MetadataOn<MetadataInput<C[Id]>>[Demand<C[Id]>]
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
