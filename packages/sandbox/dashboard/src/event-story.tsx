import type { LoggedEvent } from "../../src/store/log-query.ts";
import { AsReceived } from "./as-received.tsx";
import { withQuery } from "./ask.ts";
import { Happened } from "./happened.tsx";
import { durationText, numberText } from "./number-text.ts";
import { StateBadge } from "./state-badge.tsx";
import { stateWords } from "./state-words.ts";
import { timeText, type Zone } from "./time-text.ts";
import { useAnswer } from "./use-answer.ts";

/** Everything about one event. */
export const EventStory = ({ id, zone }: { readonly id: number; readonly zone: Zone }) => {
  const { data } = useAnswer<{ events: readonly LoggedEvent[] }>(
    withQuery("sandbox/v1/events", {
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
      <Happened event={event} zone={zone} />
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
      <AsReceived request={event.request} position={event.position} />
    </>
  );
};
