import type { Catalog, MeterId } from "../catalog/catalog.ts";
import {
  type DurableOutcome,
  type Receipt,
  refusedReceipt,
  type SettledOutcome,
} from "../delivery/receipts/receipt.ts";
import type { Closing } from "../delivery/rules/delivery-options.ts";
import { MeterError } from "../errors/meter-error.ts";
import { createEventId } from "../event/event-id.ts";
import type { AmendedFields, ContextKey, MeterEvent } from "../event/meter-event.ts";
import type { LedgerRange } from "../log/outbox/outbox-query.ts";
import { type Clock, systemClock } from "../strategies/clock.ts";
import type { CorrectedEvent, CorrectionResult } from "./correct-event.ts";
import type { DrainOptions, MeterClient, RecordOptions, Stats } from "./meter-client.ts";
import type { ReconcileBackend, Reconciliation } from "./reconcile.ts";

export interface FanOutOptions<Name extends string> {
  /** Clients that must record an event for it to count as recorded. The others are shadows: nothing waits for them. @default all */
  readonly required?: readonly Name[] | undefined;
  /** @default systemClock */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/** The receipt of an event that was recorded by several clients. */
export interface FanOutReceipt<Name extends string> {
  /** The same at every client. */
  readonly event_id: string;
  /** The receipt of each client. If a required client refuses the event, all of them refuse it. */
  readonly receipts: Readonly<Record<Name, Receipt>>;
  /** Resolves when all required clients have stored the event, with the first result that is not `ok`, else with the last one. */
  readonly durable: Promise<DurableOutcome>;
  /** Resolves when the fate at all required clients is settled, by name. */
  readonly settled: Promise<Readonly<Partial<Record<Name, SettledOutcome>>>>;
}

/** Several clients that record the same events; see `fanOut()`. */
export interface FanOut<Name extends string, C extends Catalog, Bound extends ContextKey> {
  /** Records an event with every client, under one id and one time. Does not throw for what happens to the event. */
  record(event: MeterEvent<C, Bound>, options?: RecordOptions): FanOutReceipt<Name>;
  /** The accounts of each client. */
  stats(): Promise<Readonly<Record<Name, Stats>>>;
  /** Resolves with true when all required clients have settled what was recorded before. Shadows flush too, but nothing waits for them. */
  flush(options?: DrainOptions): Promise<boolean>;
  /** Takes an event back at each client; see `MeterClient.cancel`. What one backend refuses, another may carry out. */
  cancel(event: string | CorrectedEvent, reason: string): Promise<Readonly<Record<Name, CorrectionResult>>>;
  /** Amends an event at each client; see `MeterClient.amend`. */
  amend<const Id extends MeterId<C>, const N extends number = number>(
    event: string | CorrectedEvent,
    fields: AmendedFields<C, Id, N>,
    reason: string,
  ): Promise<Readonly<Record<Name, CorrectionResult>>>;
  /** Reconciles each client with its own backend. */
  reconcile(
    backends: Readonly<Record<Name, ReconcileBackend>>,
    range?: LedgerRange,
  ): Promise<Readonly<Record<Name, Reconciliation>>>;
  /** Closes all clients, including shadows. */
  close(options?: DrainOptions): Promise<Readonly<Record<Name, Closing>>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Records each event with several clients, one per backend. Each client has its own outbox, customer lookup, accounts, dead letters and
 * fates, so a slow or failing backend does not delay the others. The clients must not share an outbox.
 *
 * If a required client refuses an event, no client records it. If a required client has no room for it, the event is not durable: record it
 * again under the same id, and each backend still counts it once.
 *
 * @throws MeterError `invalid_options` if `required` is empty or names an unknown client
 *
 * @example Run a new backend in the shadow of the one that bills
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
        // The client that refuses the event counts it.
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
    cancel: (event, reason) => eachOf(names, (name) => clients[name].cancel(event, reason)),
    amend: (event, fields, reason) => eachOf(names, (name) => clients[name].amend(event, fields, reason)),
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
  if (!isWhole(names, made)) throw new Error("one of the clients did not return a result");
  return made;
};

const isWhole = <Name extends string, Value>(
  names: readonly Name[],
  part: Partial<Record<Name, Value>>,
): part is Record<Name, Value> => names.every((name) => part[name] !== undefined);

/** Sets the id and the time that all clients use. If it is not an object, each client refuses it. */
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
  // Created on first use, like those of the receipts.
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
