import type { OutboxRow } from "@meter-lib/core";
import { useState } from "preact/hooks";
import { post, withQuery } from "./ask.ts";
import { DataTable } from "./data-table.tsx";
import { numberText } from "./number-text.ts";
import { timeText, type Zone } from "./time-text.ts";
import { useAction } from "./use-action.ts";
import { useAnswer } from "./use-answer.ts";

type DeadState = "rejected" | "quarantined";

const WORDS: Readonly<Record<DeadState, string>> = {
  rejected: "Refused for good; kept until they are sent again or given up.",
  quarantined: "May have been counted. Sent again, a backend that does not deduplicate counts them twice.",
};

const SHOWN = 200;

const Letters = ({
  outbox,
  state,
  zone,
}: {
  readonly outbox: number;
  readonly state: DeadState;
  readonly zone: Zone;
}) => {
  const path = `sandbox/v1/outboxes/${outbox}`;
  const { data, refresh } = useAnswer<{ events: readonly OutboxRow[] }>(
    withQuery(`${path}/events`, { state, limit: SHOWN }),
  );
  const [reason, setReason] = useState("");
  const { said, act } = useAction(refresh);
  const rows = data?.events ?? [];

  const redrive = (which: object): Promise<void> =>
    act(async () => {
      const body = { state, ...which, may_count_twice: state === "quarantined" };
      const { redriven } = await post<{ readonly redriven: number }>(`${path}/redrive`, body);
      return `${numberText(redriven)} pending again; the app that owns the outbox sends them.`;
    });
  const discard = (which: object): Promise<void> =>
    act(async () => {
      const { discarded } = await post<{ readonly discarded: number }>(`${path}/discard`, {
        state,
        ...which,
        reason,
      });
      return `${numberText(discarded)} given up: ${reason}`;
    });

  return (
    <section class="card">
      <h2>{state === "rejected" ? "Dead letters" : "Quarantined"}</h2>
      <p class="quiet">{rows.length === 0 ? "None." : WORDS[state]}</p>
      <p class="said" role="status">
        {said}
      </p>
      {rows.length > 0 && (
        <>
          <DataTable
            label={state === "rejected" ? "Dead letters" : "Quarantined events"}
            heads={[
              "Event",
              "Why",
              { unseen: "Send again" },
              "Tenant",
              "Meter",
              { number: "Usage" },
              { number: "Tries" },
              "Recorded",
            ]}
          >
            {rows.map(({ key, event, status, reason: why, attempts, recorded_at }) => (
              <tr key={key}>
                <td class="id">{event.event_id}</td>
                <td class="words">
                  {status !== undefined && <span class="badge refused">{status}</span>} {why}
                </td>
                <td class="act">
                  <button
                    type="button"
                    aria-label={`Send again: ${event.event_id}`}
                    onClick={() => redrive({ tenant_id: event.tenant_id, event_ids: [event.event_id] })}
                  >
                    Send again
                  </button>
                </td>
                <td class="id">{event.tenant_id}</td>
                <td class="id">{event.meter_id}</td>
                <td class="number">{numberText(event.total_usage)}</td>
                <td class="number">{attempts}</td>
                <td class="time">{timeText(recorded_at, zone)}</td>
              </tr>
            ))}
          </DataTable>
          {rows.length === SHOWN && <p class="quiet">The first {SHOWN}.</p>}
          <form
            class="fields actions"
            onSubmit={(event) => {
              event.preventDefault();
              void discard({});
            }}
          >
            <button type="button" class="primary" onClick={() => redrive({})}>
              Send all again
            </button>
            <label>
              Why give all up{" "}
              <input
                required
                value={reason}
                placeholder="test data"
                onInput={(e) => setReason(e.currentTarget.value)}
              />
            </label>
            <button type="submit">Give all up</button>
          </form>
        </>
      )}
    </section>
  );
};

/** What could not be delivered, to be decided about. */
export const DeadLetters = ({ outbox, zone }: { readonly outbox: number; readonly zone: Zone }) => (
  <>
    <Letters outbox={outbox} state="rejected" zone={zone} />
    <Letters outbox={outbox} state="quarantined" zone={zone} />
  </>
);
