import type { DatabaseSync } from "node:sqlite";
import type { ReceivedEvent } from "../wire/received-event.ts";
import type { Account } from "./accounts.ts";
import { numberIn, type Row } from "./column.ts";
import { createRequestReader, eventContent } from "./event-content.ts";
import type { Names } from "./names.ts";
import type { LogRequest, ReceivedRequest } from "./received-request.ts";
import { ACCEPTED, CONFLICT, DUPLICATE, type EventState } from "./schema.ts";
import type { SeqRanges } from "./seq-ranges.ts";
import type { SessionPairing } from "./session-pairing.ts";
import type { Transact } from "./transaction.ts";
import { hourOf, type UsageRollup } from "./usage-rollup.ts";

/** What became of an event. */
export interface IngestOutcome {
  readonly state: Exclude<EventState, "refused">;
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
  readonly pairing: SessionPairing;
  readonly seqRanges: SeqRanges;
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

export const createIngest = (parts: IngestParts, options: IngestOptions): Ingest => {
  const { database, names, rollup, pairing, seqRanges } = parts;
  const insert = database.prepare(`
    INSERT INTO events
      (request, position, state, counts, late, received_at, tenant, customer, meter, event_id, event_time,
       total_usage, start_time, end_time, producer, seq)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (event_id, tenant) WHERE counts = 1 AND event_id IS NOT NULL DO NOTHING`);
  const selectFirst = database.prepare(
    "SELECT * FROM events WHERE event_id = ? AND tenant = ? AND counts = 1",
  );
  const release = database.prepare("UPDATE events SET counts = NULL WHERE id = ?");
  const readRequest = createRequestReader(database);

  return (request, events) =>
    parts.transact(() => {
      const { receivedAt } = request;
      const requestId = parts.logRequest(request);
      const readBefore = new Map<number, readonly ReceivedEvent[]>();
      const outcomes: IngestOutcome[] = [];

      const stateOfRepeat = (event: ReceivedEvent, first: Row): IngestOutcome["state"] => {
        const firstRequest = numberIn(first, "request");
        const firstEvents = readBefore.get(firstRequest) ?? readRequest(firstRequest);
        readBefore.set(firstRequest, firstEvents);
        const firstEvent = firstEvents[numberIn(first, "position")];
        return firstEvent !== undefined && eventContent(firstEvent) === eventContent(event)
          ? "duplicate"
          : "conflict";
      };

      const store = ({ event, account }: AccountedEvent, position: number): IngestOutcome => {
        const { event_id, total_usage, start_time, end_time } = event;
        const { tenant, customer } = account;
        const meter = names.numberOf(event.meter_id);
        const producer = event.producer === undefined ? null : names.numberOf(event.producer);
        const eventTime = event.event_time ?? end_time ?? start_time ?? receivedAt;
        const late = eventTime < receivedAt - options.lateAfterMs;
        const write = (state: number, counts: number | null) =>
          insert.run(
            requestId,
            position,
            state,
            counts,
            late ? 1 : 0,
            receivedAt,
            tenant,
            customer,
            meter,
            event_id ?? null,
            eventTime,
            total_usage ?? null,
            start_time ?? null,
            end_time ?? null,
            producer,
            event.seq ?? null,
          );

        if (producer !== null && event.seq !== undefined) seqRanges.add(producer, event.seq);
        let written = write(ACCEPTED, 1);
        if (written.changes === 0 && event_id !== undefined) {
          const first = selectFirst.get(event_id, tenant);
          if (first !== undefined && receivedAt - numberIn(first, "received_at") <= options.dedupWindowMs) {
            const state = stateOfRepeat(event, first);
            rollup.addRepeat(
              {
                tenant,
                customer: numberIn(first, "customer"),
                meter: numberIn(first, "meter"),
                hour: hourOf(numberIn(first, "event_time")),
              },
              state === "duplicate" ? "duplicates" : "conflicts",
            );
            const repeat = write(state === "duplicate" ? DUPLICATE : CONFLICT, null);
            return { state, id: Number(repeat.lastInsertRowid) };
          }
          // Past the window the identity is free again: the old row keeps its usage, the new one holds the name.
          if (first !== undefined) release.run(numberIn(first, "id"));
          written = write(ACCEPTED, 1);
        }

        const id = Number(written.lastInsertRowid);
        const key = { tenant, customer, meter, hour: hourOf(eventTime) };
        rollup.addEvent(key, eventTime, total_usage, late);
        if (start_time !== undefined && end_time !== undefined) {
          rollup.addDuration(key, end_time - start_time);
        } else if (start_time !== undefined || end_time !== undefined) {
          pairing.add({
            ...key,
            session: sessionOf(event, tenant, meter),
            side: start_time === undefined ? "end" : "start",
            time: start_time ?? end_time ?? eventTime,
            event: id,
          });
        }
        return { state: "accepted", id };
      };

      for (let i = 0; i < events.length; i++) {
        const event = events[i];
        if (event !== undefined) outcomes.push(store(event, i));
      }
      seqRanges.flush();
      rollup.flush();
      return outcomes;
    });
};
