import type { OutboxRow } from "@meter-lib/core";
import type { ComponentChildren } from "preact";
import type { ListedOutbox } from "../../src/http/outbox-routes.ts";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import { withQuery } from "./ask.ts";
import { numberText } from "./number-text.ts";
import { StateBadge } from "./state-badge.tsx";
import { stateWords } from "./state-words.ts";
import { timeText, type Zone } from "./time-text.ts";
import { useAnswer } from "./use-answer.ts";

const MAX_ARRIVALS = 50;

const Step = ({
  at,
  zone,
  current = false,
  children,
}: {
  readonly at: number | null | undefined;
  readonly zone: Zone;
  readonly current?: boolean;
  readonly children: ComponentChildren;
}) => (
  <li aria-current={current ? "step" : undefined}>
    <span class="time quiet">{timeText(at, zone)}</span>
    <span>{children}</span>
  </li>
);

const timesText = (times: number): string => (times === 1 ? "once" : `${numberText(times)} times`);

const InOutbox = ({
  number,
  name,
  event,
  zone,
}: {
  readonly number: number;
  readonly name: string;
  readonly event: LoggedEvent;
  readonly zone: Zone;
}) => {
  const { data } = useAnswer<{ events: readonly OutboxRow[] }>(
    withQuery(`sandbox/v1/outboxes/${number}/events`, {
      event_id: event.event_id ?? "",
      tenant_id: event.tenant_id ?? undefined,
      limit: 1,
    }),
  );
  const row = data?.events[0];
  return row === undefined ? null : (
    <Step at={row.recorded_at} zone={zone}>
      Recorded in <span class="id">{name}</span>, sent {timesText(row.attempts)};{" "}
      <a href="#/outbox">there it is {row.state}</a>
      {row.reason === undefined ? "." : `: ${row.reason}`}
    </Step>
  );
};

const arrivalWords = (event: LoggedEvent, tries: number): string =>
  `${tries === 1 ? "Arrived." : `Arrived again, as attempt ${tries}.`} ${stateWords(event)}`;

/** An event's way, step by step: when it happened, where it was recorded, each time that it arrived. */
export const Happened = ({ event, zone }: { readonly event: LoggedEvent; readonly zone: Zone }) => {
  const outboxes = useAnswer<{ outboxes: readonly ListedOutbox[] }>("sandbox/v1/outboxes");
  const same = useAnswer<{ events: readonly LoggedEvent[] }>(
    withQuery("sandbox/v1/events", {
      // Without an id nothing tells which others are the same: then it stands alone.
      ...(event.event_id === null
        ? { before: event.id + 1, limit: 1 }
        : { event_id: event.event_id, limit: MAX_ARRIVALS }),
      brief: "true",
    }),
  );
  const arrivals = (same.data?.events ?? [event])
    .filter(({ tenant_id }) => tenant_id === event.tenant_id)
    .toSorted((a, b) => a.id - b.id);
  return (
    <section class="card">
      <h2>What happened</h2>
      <ol class="story">
        {event.event_time !== null && (
          <Step at={event.event_time} zone={zone}>
            The use itself: its hour is the one that is billed.
          </Step>
        )}
        {event.event_id !== null &&
          outboxes.data?.outboxes.map(({ name }, number) => (
            <InOutbox key={name} number={number} name={name} event={event} zone={zone} />
          ))}
        {arrivals.map((arrival, place) => (
          <Step key={arrival.id} at={arrival.received_at} zone={zone} current={arrival.id === event.id}>
            <StateBadge state={arrival.state} late={arrival.late} />{" "}
            {arrival.id === event.id ? (
              `#${arrival.id}`
            ) : (
              <a href={`#/events/${arrival.id}`} aria-label={`Story of event ${arrival.id}`}>
                #{arrival.id}
              </a>
            )}{" "}
            {arrivalWords(arrival, place + 1)}
          </Step>
        ))}
      </ol>
    </section>
  );
};
