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
 * What the hooks need of a client that knows its tenant and device: that of `createBrowserMeter` has it, and any `MeterClient` with
 * both as defaults.
 */
export interface HooksClient<C extends Catalog> {
  /** For the compiler alone: which meters it knows. */
  readonly "~catalog"?: C;
  // Properties, not methods: the compiler is exact about their arguments only then.
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
