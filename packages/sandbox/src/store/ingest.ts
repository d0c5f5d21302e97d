import type { DatabaseSync } from "node:sqlite";
import { startOfHour } from "@meter-lib/core/wire";
import type { ReceivedEvent } from "../wire/received-event.ts";
import type { Account } from "./accounts.ts";
import { numberIn, numberOrNullIn, type Row } from "./column.ts";
import { createEventWriter, type EventRow } from "./event-writer.ts";
import type { Labels } from "./labels.ts";
import type { Names } from "./names.ts";
import type { LogRequest, ReceivedRequest } from "./received-request.ts";
import { createRequestReader } from "./request-reader.ts";
import type { Revisions } from "./revisions.ts";
import { sameContent } from "./same-content.ts";
import { CANCELLATION, CONFLICT, DUPLICATE, REPLACED } from "./schema.ts";
import type { SeqRanges } from "./seq-ranges.ts";
import type { SessionPairing } from "./session-pairing.ts";
import type { Transact } from "./transaction.ts";
import type { UsageKey, UsageRollup } from "./usage-rollup.ts";

/** What became of an event. */
export interface IngestOutcome {
  readonly state: "accepted" | "duplicate" | "conflict";
  /** Its number in the log: 1, 2, 3 … */
  readonly id: number;
}

/** An event with the account it counts for. */
export interface AccountedEvent {
  readonly event: ReceivedEvent;
  readonly account: Account;
}

export interface IngestParts {
  readonly database: DatabaseSync;
  readonly transact: Transact;
  readonly logRequest: LogRequest;
  readonly names: Names;
  readonly rollup: UsageRollup;
  readonly labels: Labels;
  readonly labelRollup: UsageRollup;
  readonly pairing: SessionPairing;
  readonly seqRanges: SeqRanges;
  readonly revisions: Revisions;
}

export interface IngestOptions {
  /** An event counts as late when its time lies more than this before its arrival. Milliseconds. */
  readonly lateAfterMs: number;
  /** How long an identity is remembered, from its first arrival. Milliseconds; Infinity for ever. */
  readonly dedupWindowMs: number;
}

/** Stores the events of one request in one transaction; it is committed when this returns. */
export type Ingest = (
  request: ReceivedRequest,
  events: readonly AccountedEvent[],
) => readonly IngestOutcome[];

const sessionOf = (event: ReceivedEvent, tenant: number, meter: number): string =>
  event.session_id === undefined
    ? `${tenant} ${meter} device ${event.device_id ?? ""}`
    : `${tenant} ${meter} session ${event.session_id}`;

/** What is counted of an event. */
interface Counted
  extends Pick<
    EventRow,
    "late" | "tenant" | "customer" | "meter" | "event_time" | "total_usage" | "start_time" | "end_time"
  > {
  readonly event: ReceivedEvent;
}

/** An event on its way into the log. */
interface Pending extends EventRow {
  readonly event: ReceivedEvent;
}

export const createIngest = (parts: IngestParts, options: IngestOptions): Ingest => {
  const { database, names, rollup, labels, labelRollup, pairing, seqRanges, revisions } = parts;
  const writer = createEventWriter(database);
  const selectFirst = database.prepare(`
    SELECT e.id, e.request, e.position, e.customer, e.meter, e.event_time, r.received_at FROM events e JOIN requests r ON r.id = e.request
    WHERE e.event_id = ? AND e.tenant = ? AND e.counts = 1`);
  const release = database.prepare("UPDATE events SET counts = NULL WHERE id = ?");
  const selectById = database.prepare("SELECT * FROM events WHERE id = ?");
  const setState = database.prepare("UPDATE events SET state = ? WHERE id = ?");
  const readRequest = createRequestReader(database);

  const prepare = ({ event, account }: AccountedEvent, position: number, receivedAt: number): Pending => {
    const { event_id, total_usage, start_time, end_time, seq } = event;
    // The same rule as the sender's: reported times travel in every dialect, `event_time` does not.
    const event_time = end_time ?? start_time ?? event.event_time ?? receivedAt;
    const producer = event.producer === undefined ? undefined : names.numberOf(event.producer);
    if (producer !== undefined && seq !== undefined) seqRanges.add(producer, seq);
    return {
      event,
      position,
      late: event_time < receivedAt - options.lateAfterMs,
      tenant: account.tenant,
      customer: account.customer,
      meter: names.numberOf(event.meter_id),
      event_id,
      event_time,
      total_usage,
      start_time,
      end_time,
      producer,
      seq,
      corrects: event.correction?.event_id,
      revision: event.correction?.revision,
    };
  };

  /** Counts an event, or, with −1, counts it no more. */
  const count = (row: Counted, id: number, sign: 1 | -1 = 1): void => {
    const { event, tenant, customer, meter, event_time, start_time, end_time } = row;
    const key = { tenant, customer, meter, hour: startOfHour(event_time) };
    const add = (to: UsageRollup, at: UsageKey): void => {
      if (sign === 1) to.addEvent(at, event_time, row.total_usage, row.late);
      else to.takeBack(at, row.total_usage, row.late);
    };
    add(rollup, key);
    const whole =
      start_time !== undefined && end_time !== undefined ? sign * (end_time - start_time) : undefined;
    for (const label of labels.numbersOf(meter, event.metadata)) {
      const labelled = { ...key, meter: label };
      add(labelRollup, labelled);
      if (whole !== undefined) labelRollup.addDuration(labelled, whole);
    }
    if (whole !== undefined) {
      rollup.addDuration(key, whole);
    } else if (start_time !== undefined || end_time !== undefined) {
      pairing[sign === 1 ? "add" : "remove"]({
        ...key,
        session: sessionOf(event, tenant, meter),
        side: start_time === undefined ? "end" : "start",
        time: start_time ?? end_time ?? event_time,
        event: id,
      });
    }
  };

  return (request, events) =>
    parts.transact(() => {
      const { receivedAt } = request;
      const requestId = parts.logRequest(request);
      /** Events of this request that are not counted yet. */
      const waiting = new Set<number>();
      const readBefore = new Map<number, readonly ReceivedEvent[]>();

      const eventOf = (first: Row): ReceivedEvent | undefined => {
        const firstRequest = numberIn(first, "request");
        const firstEvents = readBefore.get(firstRequest) ?? readRequest(firstRequest);
        readBefore.set(firstRequest, firstEvents);
        return firstEvents[numberIn(first, "position")];
      };

      /** What was counted before counts no more. */
      const replace = (id: number): void => {
        const row = selectById.get(id);
        const event = row === undefined ? undefined : eventOf(row);
        if (row === undefined || event === undefined) return;
        setState.run(REPLACED, id);
        const counted: Counted = {
          event,
          late: numberIn(row, "late") === 1,
          tenant: numberIn(row, "tenant"),
          customer: numberIn(row, "customer"),
          meter: numberIn(row, "meter"),
          event_time: numberIn(row, "event_time"),
          total_usage: numberOrNullIn(row, "total_usage") ?? undefined,
          start_time: numberOrNullIn(row, "start_time") ?? undefined,
          end_time: numberOrNullIn(row, "end_time") ?? undefined,
        };
        count(counted, id, -1);
      };

      /** Counts an event that is new, unless a later revision of it is here. */
      const take = (row: Pending, id: number): void => {
        const { correction } = row.event;
        const event_id = correction?.event_id ?? row.event_id;
        if (event_id === undefined) {
          count(row, id);
          return;
        }
        const { revision = 0, cancels = false } = correction ?? {};
        const { counts, replaced } = revisions.take({ tenant: row.tenant, event_id, revision, cancels, id });
        if (replaced !== undefined && !waiting.has(replaced)) replace(replaced);
        if (counts) count(row, id);
        else setState.run(cancels ? CANCELLATION : REPLACED, id);
      };

      const storeRepeat = (row: Pending): IngestOutcome => {
        const first = selectFirst.get(row.event_id ?? null, row.tenant);
        if (first === undefined) throw new Error("An event was neither stored nor known before");
        if (receivedAt - numberIn(first, "received_at") > options.dedupWindowMs) {
          // The identity is free again: the old row keeps its usage, the new one holds the name.
          release.run(numberIn(first, "id"));
          const id = writer.accept(requestId, [row]).get(row.position) ?? 0;
          take(row, id);
          return { state: "accepted", id };
        }
        const firstEvent = eventOf(first);
        const same = firstEvent !== undefined && sameContent(firstEvent, row.event);
        const usage = {
          tenant: row.tenant,
          customer: numberIn(first, "customer"),
          meter: numberIn(first, "meter"),
          hour: startOfHour(numberIn(first, "event_time")),
        };
        rollup.addRepeat(usage, same ? "duplicates" : "conflicts");
        return {
          state: same ? "duplicate" : "conflict",
          id: writer.repeat(requestId, row, same ? DUPLICATE : CONFLICT),
        };
      };

      const rows = events.map((event, position) => prepare(event, position, receivedAt));
      const ids = writer.accept(requestId, rows);
      for (const id of ids.values()) waiting.add(id);
      const outcomes = rows.map((row): IngestOutcome => {
        const id = ids.get(row.position);
        if (id === undefined) return storeRepeat(row);
        waiting.delete(id);
        take(row, id);
        return { state: "accepted", id };
      });
      seqRanges.flush();
      rollup.flush();
      labelRollup.flush();
      return outcomes;
    });
};
