import type { Catalog, ContextKey, MeterClient, MeterEvent } from "@meter-lib/core";

/** A client bound to a tenant. */
export type TenantMeter<C extends Catalog, Bound extends ContextKey> = MeterClient<C, Bound | "tenant_id">;

/** Tenant of a request: its id, or null or undefined for a request without one. */
export type TenantId = string | null | undefined;

/** Makes the meter of a request available to deep code. Create one with `meterContext()`. */
export interface MeterScope<C extends Catalog, Bound extends ContextKey> {
  runWithMeter<Value>(meter: TenantMeter<C, Bound>, work: () => Value): Value;
}

/**
 * How to meter requests.
 *
 * @typeParam Request - the framework's request
 */
export interface MeteringOptions<C extends Catalog, Bound extends ContextKey, Request> {
  /** The client that records. Bind it to a device, unless each event names one: `client.with({ device_id: "eu-1" })`. */
  readonly client: MeterClient<C, Bound>;
  /**
   * Returns the tenant of a request; called once per request. Derive it from the authenticated user, never from input that a caller
   * controls. A request without a tenant is handled but not metered.
   */
  readonly tenant: (request: Request) => TenantId | Promise<TenantId>;
  /** Context in which the rest of the request runs. @default none */
  readonly context?: MeterScope<C, Bound> | undefined;
  /**
   * Keeps a serverless invocation alive until the response body has ended and all events are delivered, but at most 10 s after the body.
   * @default that of the framework, if it has one
   */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined;
  /**
   * Called when usage could not be recorded: your `tenant` or `usage` function threw, or an event was rejected. The request is not
   * affected.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Start and end in milliseconds since the epoch: the time fields of a performance meter's event. */
export interface Timing {
  readonly start_time: number;
  readonly end_time: number;
}

/** Usage of a request: no event, one, or several. */
export type Usage<C extends Catalog, Bound extends ContextKey> =
  | MeterEvent<C, Bound | "tenant_id">
  | readonly MeterEvent<C, Bound | "tenant_id">[]
  | null
  | undefined;

/** Returns the usage of a request. Called after a successful response. */
export type UsageOf<C extends Catalog, Bound extends ContextKey, Args extends readonly unknown[]> = (
  ...args: Args
) => Usage<C, Bound> | Promise<Usage<C, Bound>>;
