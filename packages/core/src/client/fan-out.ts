import type { Catalog } from "../catalog/catalog.ts";
import type { Closing } from "../delivery/delivery-options.ts";
import {
  type DurableOutcome,
  type Receipt,
  refusedReceipt,
  type SettledOutcome,
} from "../delivery/receipt.ts";
import { MeterError } from "../errors/meter-error.ts";
import { createEventId } from "../event/event-id.ts";
import type { ContextKey, MeterEvent } from "../event/meter-event.ts";
import type { LedgerRange } from "../log/outbox-query.ts";
import { type Clock, systemClock } from "../strategies/clock.ts";
import type { DrainOptions, MeterClient, RecordOptions, Stats } from "./meter-client.ts";
import type { ReconcileBackend, Reconciliation } from "./reconcile.ts";

export interface FanOutOptions<Name extends string> {
  /** Who must have an event for it to be recorded. The others are shadows: nothing waits for them. @default all */
  readonly required?: readonly Name[] | undefined;
  /** @default systemClock */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/** What becomes of an event that went to several. */
export interface FanOutReceipt<Name extends string> {
  /** The same for all. */
  readonly event_id: string;
  /** Each one's own; a refusal by one that is required is a refusal by all. */
  readonly receipts: Readonly<Record<Name, Receipt>>;
  /** When all that are required have stored it: the first answer that is not `ok`, else the last. */
  readonly durable: Promise<DurableOutcome>;
  /** When its fate is decided at all that are required, by name. */
  readonly settled: Promise<Readonly<Partial<Record<Name, SettledOutcome>>>>;
}

/** Several clients that record the same events; see `fanOut()`. */
export interface FanOut<Name extends string, C extends Catalog, Bound extends ContextKey> {
  /** Records an event at all of them, with one id and one time. It never throws for what happens to the event. */
  record(event: MeterEvent<C, Bound>, options?: RecordOptions): FanOutReceipt<Name>;
  /** The books of each. */
  stats(): Promise<Readonly<Record<Name, Stats>>>;
  /** True when all that are required have settled what was recorded before. Shadows are asked to, and not waited for. */
  flush(options?: DrainOptions): Promise<boolean>;
  /** Compares each with its own backend. */
  reconcile(
    backends: Readonly<Record<Name, ReconcileBackend>>,
    range?: LedgerRange,
  ): Promise<Readonly<Record<Name, Reconciliation>>>;
  /** Closes all of them, shadows too. */
  close(options?: DrainOptions): Promise<Readonly<Record<Name, Closing>>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Sends each event to several backends, by a client for each: with its own outbox, customer lookup, books, dead letters and fates, so that
 * one that is slow or fails holds up no other. The clients must not share an outbox. An event that one of the required refuses is recorded
 * nowhere; one that finds no room at one of them is not durable: record it again under its id, and it is counted once everywhere.
 *
 * @throws MeterError `invalid_options` when `required` names nobody or somebody unknown
 *
 * @example A new backend in the shadow of the one that bills
 * ```ts
 * const meters = fanOut({ live, shadow }, { required: ["live"] });
 * meters.record({ tenant_id: "tenant_123", device_id: "eu-1", meter_id: "page.processed.basic", total_usage: 24 });
 * ```
 */
export const fanOut = <Name extends string, const C extends Catalog, Bound extends ContextKey>(
  clients: Readonly<Record<Name, MeterClient<C, Bound>>>,
  options: FanOutOptions<NoInfer<Name>> = {},
): FanOut<Name, C, Bound> => {
  const names = keysOf(clients);
  const { required = names, clock = systemClock } = options;
  const unknown = required.find((name) => !names.includes(name));
  if (required.length === 0 || unknown !== undefined) {
    const given = unknown === undefined ? "nobody" : `"${unknown}"`;
    throw MeterError.fromIssues("invalid_options", [
      { field: "required", given, expected: `some of ${names.map((name) => `"${name}"`).join(", ")}` },
    ]);
  }
  const eachOf = async <Value>(
    some: readonly Name[],
    ask: (name: Name) => Promise<Value>,
  ): Promise<Record<Name, Value>> => {
    const values = await Promise.all(some.map(ask));
    return byName(some, (_, index) => values[index]);
  };

  return {
    record: (event, recordOptions) => {
      const frozen = freeze(event, clock.now());
      for (const name of required) {
        const refusal = clients[name].check(frozen);
        // The client that refuses counts it among its refusals.
        if (refusal !== undefined) {
          clients[name].recordAll([frozen], recordOptions);
          return receiptOf(
            byName(names, () => refusedReceipt(frozen, refusal)),
            required,
          );
        }
      }
      return receiptOf(
        byName(names, (name) => clients[name].recordAll([frozen], recordOptions)[0]),
        required,
      );
    },
    stats: () => eachOf(names, (name) => clients[name].stats()),
    flush: async (drain) => {
      const flushed = new Map(names.map((name) => [name, clients[name].flush(drain)]));
      const answers = await Promise.all(required.map((name) => flushed.get(name)));
      return answers.every((answer) => answer === true);
    },
    reconcile: (backends, range) => eachOf(names, (name) => clients[name].reconcile(backends[name], range)),
    close: (drain) => eachOf(names, (name) => clients[name].close(drain)),
    [Symbol.asyncDispose]: async () => {
      await eachOf(names, (name) => clients[name].close());
    },
  };
};

const keysOf = <Name extends string>(record: Readonly<Record<Name, unknown>>): readonly Name[] => {
  const names: Name[] = [];
  for (const name in record) names.push(name);
  return names;
};

const byName = <Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name, index: number) => Value | undefined,
): Record<Name, Value> => {
  const made: Partial<Record<Name, Value>> = {};
  for (const [index, name] of names.entries()) made[name] = make(name, index);
  if (!isWhole(names, made)) throw new Error("one of the clients did not answer");
  return made;
};

const isWhole = <Name extends string, Value>(
  names: readonly Name[],
  part: Partial<Record<Name, Value>>,
): part is Record<Name, Value> => names.every((name) => part[name] !== undefined);

/** The event with the id and time that all are to have; what is no object is refused by the clients. */
const freeze = <
  Event extends { readonly event_id?: string | undefined; readonly event_time?: number | undefined },
>(
  event: Event,
  now: number,
): Event => ({
  ...event,
  event_id: event.event_id ?? createEventId(now),
  event_time: event.event_time ?? now,
});

const receiptOf = <Name extends string>(
  receipts: Readonly<Record<Name, Receipt>>,
  required: readonly Name[],
): FanOutReceipt<Name> => ({
  event_id: required.map((name) => receipts[name].event_id)[0] ?? "",
  receipts,
  // Made when somebody asks, as those of the receipts are.
  get durable() {
    return Promise.all(required.map((name) => receipts[name].durable)).then(worst);
  },
  get settled() {
    return Promise.all(required.map(async (name) => [name, await receipts[name].settled] as const)).then(
      (outcomes) => {
        const settled: Partial<Record<Name, SettledOutcome>> = {};
        for (const [name, outcome] of outcomes) settled[name] = outcome;
        return settled;
      },
    );
  },
});

const worst = (outcomes: readonly DurableOutcome[]): DurableOutcome =>
  outcomes.find((outcome) => !outcome.ok && outcome.reason === "refused") ??
  outcomes.find(({ ok }) => !ok) ??
  outcomes.at(-1) ?? { ok: true };
