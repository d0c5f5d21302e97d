import type { LoggedEvent, LoggedRequest } from "../../src/store/log-query.ts";
import { withQuery } from "./ask.ts";
import { EventTable } from "./event-table.tsx";
import { durationText, numberText } from "./number-text.ts";
import { StateBadge } from "./state-badge.tsx";
import { stateWords } from "./state-words.ts";
import { timeText, type Zone } from "./time-text.ts";
import { useAnswer } from "./use-answer.ts";

const Request = ({ id }: { readonly id: number }) => {
  const { data } = useAnswer<LoggedRequest>(`/sandbox/v1/requests/${id}`);
  if (data === undefined) return null;
  return (
    <section class="card">
      <h2>As received</h2>
      <p class="id">
        {data.method} {data.path}
      </p>
      <h3>Headers</h3>
      <pre tabIndex={0}>{JSON.stringify(data.headers, null, 2)}</pre>
      <h3>Body</h3>
      <pre tabIndex={0}>{data.body ?? "No body was kept."}</pre>
    </section>
  );
};

const SameId = ({ event, zone }: { readonly event: LoggedEvent; readonly zone: Zone }) => {
  const { data } = useAnswer<{ events: readonly LoggedEvent[] }>(
    withQuery("/sandbox/v1/events", { event_id: event.event_id ?? "", limit: 50, brief: "true" }),
  );
  const others = (data?.events ?? []).filter(({ id }) => id !== event.id);
  return others.length === 0 ? null : (
    <section class="card">
      <h2>With the same id</h2>
      <EventTable events={others} zone={zone} label="Events with the same id" />
    </section>
  );
};

/** Everything about one event. */
export const EventStory = ({ id, zone }: { readonly id: number; readonly zone: Zone }) => {
  const { data } = useAnswer<{ events: readonly LoggedEvent[] }>(
    withQuery("/sandbox/v1/events", {
      before: Number.isSafeInteger(id) ? id + 1 : 1,
      limit: 1,
      brief: "true",
    }),
  );
  const event = data?.events.find((one) => one.id === id);
  const back = (
    <p>
      <a href="#/events">← All events</a>
    </p>
  );
  if (event === undefined)
    return (
      <>
        {back}
        <h1>Event #{id}</h1>
        {data !== undefined && <p>There is no such event.</p>}
      </>
    );
  const { start_time, end_time } = event;
  const facts: readonly (readonly [string, string])[] = [
    ["Tenant", event.tenant_id ?? "–"],
    ["Customer", event.customer_id ?? "–"],
    ["Meter", event.meter_id ?? "–"],
    ["Usage", numberText(event.total_usage)],
    ["Arrived", timeText(event.received_at, zone)],
    ["Its time", timeText(event.event_time, zone)],
    ...(start_time === null ? [] : [["Start", timeText(start_time, zone)] as const]),
    ...(end_time === null ? [] : [["End", timeText(end_time, zone)] as const]),
    ...(start_time === null || end_time === null
      ? []
      : [["Duration", durationText(end_time - start_time)] as const]),
    ["Event id", event.event_id ?? "none: nothing tells it from another one"],
    ["Producer", event.producer === null ? "–" : `${event.producer}, number ${event.seq ?? "–"}`],
    ["Came in", `request ${event.request}, dialect ${event.dialect}, place ${event.position + 1}`],
  ];
  return (
    <>
      {back}
      <h1>
        Event #{id} <StateBadge state={event.state} late={event.late} />
      </h1>
      <p class="verdict">{stateWords(event)}</p>
      <section class="card">
        <h2>What is known</h2>
        <dl>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      {event.event_id !== null && <SameId event={event} zone={zone} />}
      <Request id={event.request} />
    </>
  );
};
