import type { ComponentChildren } from "preact";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import { eventsShape } from "./answer-shapes.ts";
import { AsReceived } from "./as-received.tsx";
import { withQuery } from "./ask.ts";
import { EventLife } from "./event-life.tsx";
import { CopyButton, Id } from "./id.tsx";
import { NotFound } from "./not-found.tsx";
import { durationText, numberText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import { Shown } from "./shown.tsx";
import { StateBadge } from "./state-badge.tsx";
import { stateWords } from "./state-words.ts";
import { Time } from "./time.tsx";
import { useAnswer } from "./use-answer.ts";

const Facts = ({ event }: { readonly event: LoggedEvent }) => {
  const { start_time, end_time, event_id, producer } = event;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ["Tenant", <Id key="tenant" kind="tenants" id={event.tenant_id} />],
    ["Customer", <Id key="customer" kind="customers" id={event.customer_id} />],
    ["Meter", <Id key="meter" kind="meters" id={event.meter_id} />],
    ["Usage", numberText(event.total_usage)],
    ["Arrived", <Time key="arrived" at={event.received_at} />],
    ["Event time", <Time key="time" at={event.event_time} />],
    ...(start_time === null ? [] : [["Start", <Time key="start" at={start_time} />] as const]),
    ...(end_time === null ? [] : [["End", <Time key="end" at={end_time} />] as const]),
    ...(start_time === null || end_time === null
      ? []
      : [["Duration", durationText(end_time - start_time)] as const]),
    [
      "Event id",
      event_id === null ? (
        "none: it cannot be distinguished from other events"
      ) : (
        <>
          <span class="id">{event_id}</span> <CopyButton text={event_id} />
        </>
      ),
    ],
    ...(event.corrects === null
      ? []
      : [["Corrects", `${event.corrects}, as revision ${event.revision ?? "–"}`] as const]),
    ["Producer", producer === null ? "–" : `${producer}, number ${event.seq ?? "–"}`],
    ["Received in", `request ${event.request}, dialect ${event.dialect}, place ${event.position + 1}`],
  ];
  return (
    <section class="card">
      <h2>Details</h2>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
};

/** Everything about one event. */
export const EventStory = ({ id }: { readonly id: number }) => {
  const { linkTo } = usePlace();
  const answered = useAnswer(
    withQuery("sandbox/v1/events", { before: id + 1, limit: 1, brief: "true" }),
    eventsShape,
  );
  return (
    <>
      <p>
        <a href={linkTo(["events"])}>← All events</a>
      </p>
      {answered.state !== "known" && <h1>Event #{id}</h1>}
      <Shown of={answered} lines={8}>
        {({ events }) => {
          const event = events.find((one) => one.id === id);
          if (event === undefined) return <NotFound what={`There is no event #${id}.`} />;
          return (
            <>
              <h1>
                Event #{id} <StateBadge {...event} />
              </h1>
              <p class="verdict">{stateWords(event)}</p>
              <EventLife event={event} />
              <Facts event={event} />
              <AsReceived request={event.request} position={event.position} />
            </>
          );
        }}
      </Shown>
    </>
  );
};
