import type { OutboxRow } from "@meter-lib/core";
import { useEffect, useState } from "preact/hooks";
import type { TurnedAway } from "../../src/http/faults.ts";
import type { ListedOutbox } from "../../src/http/outbox-routes.ts";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import { ask, withQuery } from "./ask.ts";
import { type KnownLife, type LifeStep, stepsOf } from "./event-steps.ts";
import { durationText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import { Time } from "./time.tsx";
import { dataOf, useAnswer } from "./use-answer.ts";

const MAX_ARRIVALS = 50;

/** What the outboxes on this machine hold of an event. */
const useRows = (event: LoggedEvent): KnownLife["rows"] => {
  const listed = dataOf(useAnswer<{ outboxes: readonly ListedOutbox[] }>("sandbox/v1/outboxes"));
  const [rows, setRows] = useState<KnownLife["rows"]>([]);
  const { event_id, tenant_id } = event;
  useEffect(() => {
    let left = false;
    const look = async (): Promise<void> => {
      if (event_id === null || listed === undefined) return;
      const found = await Promise.all(
        listed.outboxes.map(async ({ name }, number) => {
          const path = withQuery(`sandbox/v1/outboxes/${number}/events`, {
            event_id,
            tenant_id: tenant_id ?? undefined,
            limit: 1,
          });
          // An outbox that cannot be read says so on its own page.
          const { events } = await ask<{ events: readonly OutboxRow[] }>(path).catch(() => ({ events: [] }));
          return events.map((row) => ({ outbox: name, row }));
        }),
      );
      if (!left) setRows(found.flat());
    };
    void look();
    return () => {
      left = true;
    };
  }, [listed, event_id, tenant_id]);
  return rows;
};

const Step = ({
  step,
  since,
  current,
}: {
  readonly step: LifeStep;
  /** The time of the step before. */
  readonly since: number | undefined;
  readonly current: boolean;
}) => {
  const { linkTo } = usePlace();
  const passed = step.at === undefined || since === undefined ? 0 : step.at - since;
  return (
    <li class={`step ${step.tone}`} aria-current={current ? "step" : undefined}>
      <span class="passed">{passed > 0 ? `+${durationText(passed)}` : ""}</span>
      <span class="dot" aria-hidden="true" />
      <strong>{step.name}</strong>
      {step.at !== undefined && <Time at={step.at} />}
      <span class="quiet">
        {step.leads && !current && step.arrival !== undefined ? (
          <a href={linkTo(["events", `${step.arrival}`])}>{step.words}</a>
        ) : (
          step.words
        )}
      </span>
      {step.outbox !== undefined && <a href={linkTo(["outbox"])}>Show {step.outbox}</a>}
    </li>
  );
};

/** The life of an event as a picture: used, recorded, sent, sent again, acknowledged, counted, with times. */
export const EventLife = ({ event }: { readonly event: LoggedEvent }) => {
  const { event_id, tenant_id } = event;
  const same = useAnswer<{ events: readonly LoggedEvent[] }>(
    withQuery("sandbox/v1/events", {
      // Without an id nothing tells which others are the same: then it stands alone.
      ...(event_id === null
        ? { before: event.id + 1, limit: 1 }
        : { event_id, tenant_id: tenant_id ?? undefined, limit: MAX_ARRIVALS }),
      brief: "true",
    }),
  );
  const away = useAnswer<{ attempts: readonly TurnedAway[] }>(
    event_id === null ? undefined : withQuery("sandbox/v1/faults/attempts", { event_id }),
  );
  const outboxes = dataOf(useAnswer<{ outboxes: readonly ListedOutbox[] }>("sandbox/v1/outboxes"))?.outboxes;
  const rows = useRows(event);
  const { linkTo } = usePlace();
  const steps = stepsOf({
    event,
    arrivals: dataOf(same)?.events ?? [event],
    turnedAway: dataOf(away)?.attempts ?? [],
    rows,
  });
  return (
    <section class="card">
      <h2>What happened</h2>
      <ol class="life">
        {steps.map((step, place) => (
          <Step
            key={`${step.name} ${step.at} ${step.arrival} ${step.outbox}`}
            step={step}
            since={steps[place - 1]?.at}
            current={step.arrival === event.id}
          />
        ))}
      </ol>
      {outboxes?.length === 0 && (
        <p class="quiet">
          What the sender did is in its <a href={linkTo(["outbox"])}>outbox</a>: show the sandbox that file,
          if it is on this machine.
        </p>
      )}
      {outboxes !== undefined && outboxes.length > 0 && rows.length === 0 && event_id !== null && (
        <p class="quiet">
          No <a href={linkTo(["outbox"])}>outbox</a> on this machine has it: its sender already has the
          response, or runs elsewhere.
        </p>
      )}
    </section>
  );
};
