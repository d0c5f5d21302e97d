import type { LoggedRequest } from "../../src/store/log-query.ts";
import type { Gap } from "../../src/store/seq-ranges.ts";
import { eventsShape, gapsShape, requestsShape } from "./answer-shapes.ts";
import { type Column, DataTable } from "./data-table.tsx";
import { EventTable } from "./event-table.tsx";
import { PlainId } from "./id.tsx";
import { numberText } from "./number-text.ts";
import { Shown } from "./shown.tsx";
import { Time } from "./time.tsx";
import { useAnswer } from "./use-answer.ts";

const SHOWN_RANGES = 5;

const rangesText = (ranges: Gap["ranges"]): string => {
  const shown = ranges
    .slice(0, SHOWN_RANGES)
    .map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
  const more = ranges.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
};

const GAP_COLUMNS: readonly Column<Gap>[] = [
  { head: "Producer", cell: ({ producer }) => <PlainId id={producer} /> },
  { head: "Highest", number: true, cell: ({ highest }) => numberText(highest) },
  {
    head: "Missing",
    number: true,
    cell: ({ missing }) => (missing === 0 ? "0" : <strong class="bad-text">{numberText(missing)}</strong>),
  },
  {
    head: "Which",
    cell: ({ missing, ranges }) => (missing === 0 ? <span class="quiet">complete</span> : rangesText(ranges)),
  },
];

const Repeats = ({
  state,
  title,
  none,
}: {
  readonly state: "duplicate" | "conflict";
  readonly title: string;
  readonly none: string;
}) => {
  const answered = useAnswer(`sandbox/v1/events?state=${state}&limit=50&brief=true`, eventsShape);
  return (
    <section class="card">
      <h2>{title}</h2>
      <Shown of={answered}>
        {({ events }) =>
          events.length === 0 ? <p class="quiet">{none}</p> : <EventTable events={events} label={title} />
        }
      </Shown>
    </section>
  );
};

const RefusedRequest = ({ request }: { readonly request: LoggedRequest }) => (
  <li>
    <details>
      <summary>
        <span class="badge refused">{request.status}</span>{" "}
        <span class="id">
          {request.method} {request.path}
        </span>{" "}
        <Time at={request.received_at} />
        <br />
        {request.reason}
      </summary>
      <pre tabIndex={0}>{JSON.stringify(request.headers, null, 2)}</pre>
      <pre tabIndex={0}>{request.body ?? "No body was kept."}</pre>
    </details>
  </li>
);

/** What went wrong in delivery: missing numbers, duplicates, refused requests. */
export const DeliveryView = () => {
  const gaps = useAnswer("sandbox/v1/gaps", gapsShape);
  const refused = useAnswer("sandbox/v1/refused?limit=50", requestsShape);
  return (
    <>
      <h1>Delivery</h1>
      <section class="card">
        <h2>Gaps by producer</h2>
        <Shown of={gaps}>
          {({ producers }) =>
            producers.length === 0 ? (
              <p class="quiet">
                No event has carried a producer and a sequence number yet. Clients with an outbox send both.
              </p>
            ) : (
              <DataTable
                label="Gaps by producer"
                columns={GAP_COLUMNS}
                rows={producers}
                keyOf={({ producer }) => producer}
              />
            )
          }
        </Shown>
      </section>
      <section class="card">
        <h2>Refused requests</h2>
        <Shown of={refused}>
          {({ requests }) =>
            requests.length === 0 ? (
              <p class="quiet">None.</p>
            ) : (
              <ul class="requests">
                {requests.map((request) => (
                  <RefusedRequest key={request.id} request={request} />
                ))}
              </ul>
            )
          }
        </Shown>
      </section>
      <Repeats state="duplicate" title="Duplicates" none="None: no event came twice." />
      <Repeats state="conflict" title="Conflicts" none="None: no id was used for two different events." />
    </>
  );
};
