import type { Health, MeterClient, Stats } from "@meter-lib/core";
import { ACCOUNT_FIELDS, type Account, type AccountField } from "@meter-lib/core/store";
import { type BatchObservableResult, type Meter, type MeterProvider, metrics } from "@opentelemetry/api";

/** The observed part of a `MeterClient`. */
export type ObservedClient = Pick<MeterClient, "stats" | "health">;

export interface InstrumentMeterClientOptions {
  /** @default the global one */
  readonly meterProvider?: MeterProvider | undefined;
}

// Redriving reduces these accounts; the others only grow.
const UP_AND_DOWN: ReadonlySet<AccountField> = new Set(["pending", "rejected", "quarantined"]);

/**
 * Observes a client with OpenTelemetry, at each collection:
 * - `meter_lib.events.recorded` and so on for every account, by `meter_lib.meter_id`; the law of the accounts holds within a collection
 * - `meter_lib.events.refused`, by `meter_lib.code`: events that were not recorded
 * - `meter_lib.destination.queued`, `meter_lib.destination.in_flight`, `meter_lib.destination.working` (0 while blocked), by
 *   `meter_lib.destination`; the customer lookup is one of them
 * - `meter_lib.outbox.working`: 0 while the outbox takes no events and they are kept in memory only
 * - `meter_lib.warnings`: warnings that need attention
 * - `meter_lib.tenants.parked`: tenants whose events wait for a customer
 * - `meter_lib.clock.skew`: this machine's clock minus the receiver's, once it is known
 *
 * @returns a function that stops it
 *
 * @example
 * ```ts
 * const stop = instrumentMeterClient(client);
 * ```
 */
export const instrumentMeterClient = (
  client: ObservedClient,
  { meterProvider = metrics.getMeterProvider() }: InstrumentMeterClientOptions = {},
): (() => void) => {
  const meter = meterProvider.getMeter("meter-lib");
  const { instruments, observe } = observations(meter);
  const callback = async (result: BatchObservableResult): Promise<void> =>
    observe(result, await client.stats(), client.health());
  meter.addBatchObservableCallback(callback, instruments);
  return () => meter.removeBatchObservableCallback(callback, instruments);
};

/** Counters only grow: acknowledgements that were taken back are counted separately, as `refuted`. */
const observed = (account: Account, field: AccountField): number =>
  field === "acknowledged" ? account.acknowledged + account.refuted : account[field];

const observations = (meter: Meter) => {
  const accounts = ACCOUNT_FIELDS.map((field) => {
    const name = `meter_lib.events.${field}`;
    const options = { unit: "{event}", description: `Usage events ${field}` };
    const instrument = UP_AND_DOWN.has(field)
      ? meter.createObservableUpDownCounter(name, options)
      : meter.createObservableCounter(name, options);
    return { field, instrument };
  });
  const refused = meter.createObservableCounter("meter_lib.events.refused", {
    unit: "{event}",
    description: "Usage events that were not recorded",
  });
  const queued = meter.createObservableGauge("meter_lib.destination.queued", {
    unit: "{event}",
    description: "Events that wait in memory for the destination",
  });
  const inFlight = meter.createObservableGauge("meter_lib.destination.in_flight", {
    unit: "{batch}",
    description: "Batches on the way",
  });
  const working = meter.createObservableGauge("meter_lib.destination.working", {
    description: "0 while the destination is blocked until somebody acts, else 1",
  });
  const durable = meter.createObservableGauge("meter_lib.outbox.working", {
    description: "0 while the outbox takes no events and they are kept in memory only, else 1",
  });
  const warned = meter.createObservableCounter("meter_lib.warnings", {
    unit: "{warning}",
    description: "What deserves a person's look",
  });
  const parked = meter.createObservableGauge("meter_lib.tenants.parked", {
    unit: "{tenant}",
    description: "Tenants whose events wait for a customer",
  });
  const skew = meter.createObservableGauge("meter_lib.clock.skew", {
    unit: "ms",
    description: "This machine's clock minus the receiver's",
  });

  const observe = (
    result: BatchObservableResult,
    stats: Stats,
    { destinations, lookup, outbox, parked: parkings, warnings, skewMs }: Health,
  ): void => {
    for (const [meter_id, account] of Object.entries(stats.meters))
      for (const { field, instrument } of accounts)
        result.observe(instrument, observed(account, field), { "meter_lib.meter_id": meter_id });
    for (const [code, count] of Object.entries(stats.refused))
      result.observe(refused, count, { "meter_lib.code": code });
    for (const destination of [...destinations, lookup]) {
      const attributes = { "meter_lib.destination": destination.name };
      result.observe(queued, destination.queued, attributes);
      result.observe(inFlight, destination.inFlight, attributes);
      result.observe(working, destination.state === "blocked" ? 0 : 1, attributes);
    }
    result.observe(durable, outbox.state === "open" ? 1 : 0);
    result.observe(warned, warnings);
    result.observe(parked, parkings.length);
    if (skewMs !== undefined) result.observe(skew, skewMs);
  };
  const instruments = [
    ...accounts.map(({ instrument }) => instrument),
    refused,
    queued,
    inFlight,
    working,
    durable,
    warned,
    parked,
    skew,
  ];
  return { instruments, observe };
};
