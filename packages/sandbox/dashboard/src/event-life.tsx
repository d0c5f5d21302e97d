import type { LoggedEvent } from "../../src/store/log-query.ts";
import {
  attemptsShape,
  eventsShape,
  outboxesShape,
  outboxRowsShape,
  type ShownRow,
} from "./answer-shapes.ts";
import { ask, withQuery, wordsOf } from "./ask.ts";
import { type KnownLife, type LifeStep, stepsOf } from "./event-steps.ts";
import { durationText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import { Shown } from "./shown.tsx";
import { Time } from "./time.tsx";
import { useQuestion } from "./use-answer.ts";

const MAX_ARRIVALS = 50;

/** What one outbox on this machine holds of an event. */
interface Sender {
  readonly outbox: string;
  readonly rows: readonly ShownRow[];
  /** Why that is not known. */
  readonly problem?: string;
}

interface Life extends Pick<KnownLife, "arrivals" | "turnedAway"> {
  readonly senders: readonly Sender[];
}

const askLife = async (event: LoggedEvent, signal: AbortSignal): Promise<Life> => {
  const tenant_id = event.tenant_id ?? undefined;
  const identity = event.corrects ?? event.event_id;
  const sameEvents = withQuery("sandbox/v1/events", {
    // Without an id nothing tells which others are the same: then it stands alone.
    ...(identity === null
      ? { before: event.id + 1, limit: 1 }
      : { event_id: identity, tenant_id, limit: MAX_ARRIVALS }),
    brief: "true",
  });
  const [{ events: arrivals }, { outboxes }] = await Promise.all([
    ask(sameEvents, eventsShape, { signal }),
    ask("sandbox/v1/outboxes", outboxesShape, { signal }),
  ]);
  // Corrections have ids of their own.
  const ids = new Set([identity, ...arrivals.map(({ event_id }) => event_id)].filter((id) => id !== null));
  const ofEachId = async <Answer,>(question: (event_id: string) => Promise<readonly Answer[]>) =>
    (await Promise.all(Array.from(ids, question))).flat();
  const askSender = async (outbox: string, number: number): Promise<Sender> => {
    const path = `sandbox/v1/outboxes/${number}/events`;
    try {
      const rows = await ofEachId(async (event_id) => {
        const query = withQuery(path, { event_id, tenant_id, limit: 1 });
        return (await ask(query, outboxRowsShape, { signal })).events;
      });
      return { outbox, rows };
    } catch (error) {
      return { outbox, rows: [], problem: wordsOf(error) };
    }
  };
  const [attempts, senders] = await Promise.all([
    ofEachId(async (event_id) => {
      const query = withQuery("sandbox/v1/faults/attempts", { event_id });
      return (await ask(query, attemptsShape, { signal })).attempts;
    }),
    Promise.all(outboxes.map(({ name }, number) => askSender(name, number))),
  ]);
  const turnedAway = attempts.filter((one) => tenant_id === undefined || one.tenant_id === tenant_id);
  return { arrivals, turnedAway, senders };
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

/** What is known of the sender, below the picture. */
const SenderNote = ({
  senders,
  hasId,
}: {
  readonly senders: readonly Sender[];
  /** Without one no outbox can be searched for the event. */
  readonly hasId: boolean;
}) => {
  const { linkTo } = usePlace();
  if (senders.length === 0)
    return (
      <p class="quiet">
        What the sender did is in its <a href={linkTo(["outbox"])}>outbox</a>: show the sandbox that file, if
        it is on this machine.
      </p>
    );
  const unread = senders.filter(({ problem }) => problem !== undefined);
  if (unread.length > 0)
    return (
      <>
        {unread.map(({ outbox, problem }) => (
          <p key={outbox} class="bad-text">
            Whether the outbox {outbox} holds this event is unknown. {problem}
          </p>
        ))}
      </>
    );
  if (!hasId || senders.some(({ rows }) => rows.length > 0)) return null;
  return (
    <p class="quiet">
      No <a href={linkTo(["outbox"])}>outbox</a> on this machine has it: its sender already has the response,
      or runs elsewhere.
    </p>
  );
};

/** The life of an event as a picture: used, recorded, sent, sent again, acknowledged, counted, with times. */
export const EventLife = ({ event }: { readonly event: LoggedEvent }) => {
  const life = useQuestion(`life of ${event.id}`, (signal) => askLife(event, signal));
  return (
    <section class="card">
      <h2>What happened</h2>
      <Shown of={life} lines={4}>
        {({ arrivals, turnedAway, senders }) => {
          const rows = senders.flatMap(({ outbox, rows: held }) => held.map((row) => ({ outbox, row })));
          const steps = stepsOf({ event, arrivals, turnedAway, rows });
          return (
            <>
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
              {arrivals.length === MAX_ARRIVALS && (
                <p class="quiet">The newest {MAX_ARRIVALS} arrivals of this id.</p>
              )}
              <SenderNote senders={senders} hasId={event.event_id !== null} />
            </>
          );
        }}
      </Shown>
    </section>
  );
};
