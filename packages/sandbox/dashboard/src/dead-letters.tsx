import { useState } from "preact/hooks";
import { discardedShape, outboxRowsShape, redrivenShape, type ShownRow } from "./answer-shapes.ts";
import { post, withQuery } from "./ask.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { type Column, DataTable } from "./data-table.tsx";
import { Id, PlainId } from "./id.tsx";
import { numberText } from "./number-text.ts";
import { Shown } from "./shown.tsx";
import { Time } from "./time.tsx";
import { useAction } from "./use-action.ts";
import { useAnswer } from "./use-answer.ts";

type DeadState = "rejected" | "quarantined";

const TITLES: Readonly<Record<DeadState, string>> = { rejected: "Dead letters", quarantined: "Quarantined" };
const WORDS: Readonly<Record<DeadState, string>> = {
  rejected: "Rejected permanently. Kept until you redrive or discard them.",
  quarantined:
    "May have been counted. A backend that does not deduplicate counts them twice if they are sent again.",
};

const SHOWN = 200;

const QUESTIONS: Readonly<Record<DeadState, readonly [title: string, words: string]>> = {
  rejected: [
    "Send rejected events again?",
    "The app that owns the outbox sends them as they are. What the backend accepts this time is counted.",
  ],
  quarantined: [
    "Send events again that may have been counted?",
    'A backend that does not deduplicate counts such an event twice, and the customer pays twice. Compare both sides first: "Reconcile", below, names the events that are missing here.',
  ],
};

/** Sends again, which nobody can take back: the app may have sent them a moment later. */
const SendAgain = ({
  state,
  label,
  name,
  onSend,
}: {
  readonly state: DeadState;
  readonly label: string;
  readonly name?: string;
  readonly onSend: () => void;
}) => {
  const [title, words] = QUESTIONS[state];
  return (
    <ConfirmButton label={label} name={name} title={title} verb="Send again" onConfirm={onSend}>
      <p>{words}</p>
    </ConfirmButton>
  );
};

const Letters = ({ outbox, state }: { readonly outbox: number; readonly state: DeadState }) => {
  const path = `sandbox/v1/outboxes/${outbox}`;
  const answered = useAnswer(withQuery(`${path}/events`, { state, limit: SHOWN }), outboxRowsShape);
  const [reason, setReason] = useState("");
  const { said, act } = useAction(answered.refresh);

  const redrive = (which: object): Promise<void> =>
    act(async () => {
      const body = { state, ...which, may_count_twice: state === "quarantined" };
      const { redriven } = await post(`${path}/redrive`, redrivenShape, body);
      return `${numberText(redriven)} pending again. The app that owns the outbox sends them.`;
    });
  const discard = (): Promise<void> =>
    act(async () => {
      const { discarded } = await post(`${path}/discard`, discardedShape, { state, reason });
      return `${numberText(discarded)} discarded: ${reason}`;
    });

  const columns: readonly Column<ShownRow>[] = [
    { head: "Event id", cell: ({ event }) => <PlainId id={event.event_id} /> },
    {
      head: "Why",
      cell: ({ status, reason: why }) => (
        <span class="words">
          {status !== undefined && <span class="badge refused">{status}</span>} {why}
        </span>
      ),
    },
    {
      head: "Send again",
      unseen: true,
      cell: ({ event }) => (
        <SendAgain
          state={state}
          label="Send again"
          name={`Send again: ${event.event_id}`}
          onSend={() => redrive({ tenant_id: event.tenant_id, event_ids: [event.event_id] })}
        />
      ),
    },
    { head: "Tenant", cell: ({ event }) => <Id kind="tenants" id={event.tenant_id} /> },
    { head: "Meter", cell: ({ event }) => <Id kind="meters" id={event.meter_id} /> },
    { head: "Usage", number: true, cell: ({ event }) => numberText(event.total_usage) },
    { head: "Tries", number: true, cell: ({ attempts }) => numberText(attempts) },
    { head: "Recorded", cell: ({ recorded_at }) => <Time at={recorded_at} /> },
  ];

  return (
    <section class="card">
      <h2>{TITLES[state]}</h2>
      <p class="said" role="status">
        {said}
      </p>
      <Shown of={answered}>
        {({ events: rows }) =>
          rows.length === 0 ? (
            <p class="quiet">None.</p>
          ) : (
            <>
              <p class="quiet">{WORDS[state]}</p>
              <DataTable
                label={state === "rejected" ? "Dead letters" : "Quarantined events"}
                columns={columns}
                rows={rows}
                keyOf={({ key }) => key}
              />
              {rows.length === SHOWN && <p class="quiet">The first {SHOWN}.</p>}
              <div class="buttons">
                <SendAgain state={state} label="Send all again" onSend={() => redrive({})} />
                <ConfirmButton
                  label="Discard all"
                  title={`Discard all ${state} events of this outbox?`}
                  onConfirm={discard}
                >
                  <p>They will never be sent or counted. The outbox keeps their number and the reason.</p>
                  <label class="stacked">
                    Reason
                    <input
                      required
                      pattern=".*\S.*"
                      title="Why they are discarded"
                      value={reason}
                      onInput={(e) => setReason(e.currentTarget.value)}
                    />
                  </label>
                </ConfirmButton>
              </div>
            </>
          )
        }
      </Shown>
    </section>
  );
};

/** Events that could not be delivered and need a decision. */
export const DeadLetters = ({ outbox }: { readonly outbox: number }) => (
  <>
    <Letters outbox={outbox} state="rejected" />
    <Letters outbox={outbox} state="quarantined" />
  </>
);
