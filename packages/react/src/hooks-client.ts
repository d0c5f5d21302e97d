import type {
  Catalog,
  EventInput,
  MeterId,
  PerformanceMeterId,
  Receipt,
  Session,
  SessionInput,
  SessionOptions,
  TimeOptions,
} from "@meter-lib/core";

type Known = "tenant_id" | "device_id";

/**
 * The part of a client that the hooks need. `createBrowserMeter()` returns one, and so is any `MeterClient` with a default tenant and
 * device.
 */
export interface HooksClient<C extends Catalog> {
  /** Carries the catalog's type; never set. */
  readonly "~catalog"?: C;
  // Properties, not methods, whose parameters the compiler would check less strictly.
  readonly record: <const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Known, Id, N>,
  ) => Omit<Receipt, "fate">;
  readonly startSession: <const Id extends PerformanceMeterId<C>>(
    session: SessionInput<C, Known, Id>,
    options?: SessionOptions,
  ) => Promise<Session>;
  readonly time: <const Id extends PerformanceMeterId<C>, Value>(
    event: SessionInput<C, Known, Id>,
    work: () => Value | PromiseLike<Value>,
    options?: TimeOptions,
  ) => Promise<Value>;
}
