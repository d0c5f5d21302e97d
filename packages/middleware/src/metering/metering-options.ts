import type { Catalog, ContextKey, MeterClient, MeterEvent } from "@meter-lib/core";

/** A client that knows the tenant already. */
export type TenantMeter<C extends Catalog, Bound extends ContextKey> = MeterClient<C, Bound | "tenant_id">;

/** What a tenant is read from a request as: its id, or nothing for a request that has none. */
export type TenantId = string | null | undefined;

/** Where deep code finds the meter of its request; `meterContext()` makes one. */
export interface MeterScope<C extends Catalog, Bound extends ContextKey> {
  runWithMeter<Value>(meter: TenantMeter<C, Bound>, work: () => Value): Value;
}

/**
 * How requests are metered.
 *
 * @typeParam Request - what the framework calls a request
 */
export interface MeteringOptions<C extends Catalog, Bound extends ContextKey, Request> {
  /** Bound to a device, unless events name one: `client.with({ device_id: "eu-1" })`. */
  readonly client: MeterClient<C, Bound>;
  /**
   * Who pays for a request; it is asked once. Take it from what was authenticated, never from what a caller may write. A request
   * without a tenant goes on and is not metered.
   */
  readonly tenant: (request: Request) => TenantId | Promise<TenantId>;
  /** Runs the rest of the request in this context. @default none */
  readonly context?: MeterScope<C, Bound> | undefined;
  /**
   * Keeps an invocation alive until the answer's body has ended and what waits is delivered, for ten seconds at most after that.
   * @default the framework's, where it has one
   */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined;
  /**
   * Told why usage was not recorded: a tenant or usage function threw, an event was refused. The request does not notice.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** How long it took, in milliseconds since the epoch: the fields of a performance meter's event. */
export interface Timing {
  readonly start_time: number;
  readonly end_time: number;
}

/** What a request used: nothing, one event or several. */
export type Usage<C extends Catalog, Bound extends ContextKey> =
  | MeterEvent<C, Bound | "tenant_id">
  | readonly MeterEvent<C, Bound | "tenant_id">[]
  | null
  | undefined;

/** Says what a request used, after a successful answer. */
export type UsageOf<C extends Catalog, Bound extends ContextKey, Args extends readonly unknown[]> = (
  ...args: Args
) => Usage<C, Bound> | Promise<Usage<C, Bound>>;
