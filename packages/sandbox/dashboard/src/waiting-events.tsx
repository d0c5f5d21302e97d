import { outboxRowsShape, type ShownRow } from "./answer-shapes.ts";
import { withQuery } from "./ask.ts";
import { type Column, DataTable } from "./data-table.tsx";
import { Id, PlainId } from "./id.tsx";
import { numberText } from "./number-text.ts";
import { Shown } from "./shown.tsx";
import { Time } from "./time.tsx";
import { useAnswer } from "./use-answer.ts";

const SHOWN = 20;

const COLUMNS: readonly Column<ShownRow>[] = [
  { head: "Event id", cell: ({ event }) => <PlainId id={event.event_id} /> },
  { head: "Tenant", cell: ({ event }) => <Id kind="tenants" id={event.tenant_id} /> },
  { head: "Meter", cell: ({ event }) => <Id kind="meters" id={event.meter_id} /> },
  { head: "Usage", number: true, cell: ({ event }) => numberText(event.total_usage) },
  { head: "Tries", number: true, cell: ({ attempts }) => numberText(attempts) },
  { head: "Recorded", cell: ({ recorded_at }) => <Time at={recorded_at} /> },
];

/** Events that wait for their delivery, the oldest first. */
export const WaitingEvents = ({ outbox }: { readonly outbox: number }) => {
  const answered = useAnswer(
    withQuery(`sandbox/v1/outboxes/${outbox}/events`, { state: "pending", limit: SHOWN }),
    outboxRowsShape,
  );
  return (
    <section class="card">
      <h2>Waiting</h2>
      <Shown of={answered}>
        {({ events: rows }) =>
          rows.length === 0 ? (
            <p class="quiet">None.</p>
          ) : (
            <>
              <p class="quiet">The app sends them when the backend responds and the tenant has a customer.</p>
              <DataTable label="Waiting events" columns={COLUMNS} rows={rows} keyOf={({ key }) => key} />
              {rows.length === SHOWN && <p class="quiet">The first {SHOWN}.</p>}
            </>
          )
        }
      </Shown>
    </section>
  );
};
