import {
  type Catalog,
  type ContextKey,
  type EventInput,
  type LitewaveCatalog,
  litewaveCatalog,
  type Metadata,
  MeterError,
  type MeterEvent,
  type MeterId,
  type SqlTransaction,
} from "@meter-lib/core";
import type { ArrivalRow, Lane } from "@meter-lib/core/store";
import { contentMark, createEventCheck } from "@meter-lib/core/wire";
import { arrivalText, insertInto } from "./insert-arrivals.ts";
import { checkSchema } from "./postgres-outbox-options.ts";

export interface PostgresRecorderOptions<C extends Catalog, Bound extends ContextKey> {
  /** The meters that exist. @default litewaveCatalog */
  readonly catalog?: C;
  /** Tenant and device of events that name none. */
  readonly defaults?: { readonly [Key in Bound]: string };
  /** Where the outbox's tables are. @default "meter_lib" */
  readonly schema?: string;
  /** Takes out of an event's metadata what must not be stored or sent. When it throws, the event goes without metadata. */
  readonly redact?: (metadata: Metadata, meter_id: string) => Metadata;
}

/** `tx`: the caller's open transaction. `lane`: `backfill` lets events of now go first. */
export interface PostgresRecorderCall {
  readonly tx: SqlTransaction;
  /** @default "live" */
  readonly lane?: Lane;
}

export interface PostgresRecorder<C extends Catalog, Bound extends ContextKey> {
  /**
   * Puts an event into the caller's transaction, with one statement. Await it before you commit. Resolves with the event's id.
   *
   * @throws MeterError `invalid_event`; `outbox_failed` when the statement fails
   */
  record<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Bound, Id, N>,
    call: PostgresRecorderCall,
  ): Promise<string>;
  /** The same for events that were built first, with one statement: all of them, or none. */
  recordAll(events: readonly MeterEvent<C, Bound>[], call: PostgresRecorderCall): Promise<readonly string[]>;
  /**
   * Checks an event and returns it as text, the argument of the SQL function `arrive` in a statement of yours:
   * `INSERT INTO reports (id) VALUES ($1) RETURNING meter_lib.arrive($2)`. The row and the event are then written by one statement.
   * If it writes no row, nothing is recorded; if it writes several, the event counts once.
   *
   * @throws MeterError `invalid_event`
   */
  arrival<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Bound, Id, N>,
    call?: Pick<PostgresRecorderCall, "lane">,
  ): string;
}

/**
 * Records usage in transactions and does nothing else: it has no connection, no timer and nothing to close, so it fits a function that
 * is frozen between requests. A process with a client over `postgresOutbox` on the same schema delivers.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const recorder = postgresRecorder({ defaults: { device_id: "eu-1" } });
 * await recorder.record({ tenant_id: "tenant_123", meter_id: "page.processed.basic", total_usage: 24 }, { tx });
 * ```
 */
export const postgresRecorder = <const C extends Catalog = LitewaveCatalog, Bound extends ContextKey = never>(
  options: PostgresRecorderOptions<C, Bound> = {},
): PostgresRecorder<C, Bound> => {
  const { catalog = litewaveCatalog, defaults = {}, schema = "meter_lib", redact } = options;
  const issue = checkSchema(schema);
  if (issue !== undefined) throw MeterError.fromIssues("invalid_options", [issue]);
  const check = createEventCheck(catalog, { now: Date.now }, redact);
  const insert = insertInto(`postgres ${schema}`, schema);
  const rowOf = (input: unknown, lane: Lane = "live", mayRepeat = false): ArrivalRow => {
    const checked = check(input, defaults);
    if (checked instanceof MeterError) throw checked;
    const { event, idGiven, timeGiven } = checked;
    return { lane, event, mark: idGiven || mayRepeat ? contentMark(event, timeGiven) : undefined };
  };
  const put = async (inputs: readonly unknown[], { tx, lane }: PostgresRecorderCall) => {
    const rows = inputs.map((input) => rowOf(input, lane));
    await insert(tx, rows);
    return rows.map(({ event }) => event.event_id);
  };
  return {
    record: async (event, call) => {
      const [id = ""] = await put([event], call);
      return id;
    },
    recordAll: put,
    // A statement that writes several rows calls the function as often.
    arrival: (event, { lane } = {}) => arrivalText([rowOf(event, lane, true)]),
  };
};
