import type { LoggedEvent, LoggedRequest } from "../../src/store/log-query.ts";
import type { Gap } from "../../src/store/seq-ranges.ts";
import { DataTable } from "./data-table.tsx";
import { EventTable } from "./event-table.tsx";
import { numberText } from "./number-text.ts";
import { timeText, type Zone } from "./time-text.ts";
import { useAnswer } from "./use-answer.ts";

const SHOWN_RANGES = 5;

const rangesText = (ranges: Gap["ranges"]): string => {
  const shown = ranges
    .slice(0, SHOWN_RANGES)
    .map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
  const more = ranges.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
};

const Repeats = ({
  state,
  title,
  none,
  zone,
}: {
  readonly state: "duplicate" | "conflict";
  readonly title: string;
  readonly none: string;
  readonly zone: Zone;
}) => {
  const { data } = useAnswer<{ events: readonly LoggedEvent[] }>(
    `sandbox/v1/events?state=${state}&limit=50&brief=true`,
  );
  const events = data?.events ?? [];
  return (
    <section class="card">
      <h2>{title}</h2>
      {events.length === 0 ? (
        <p class="quiet">{none}</p>
      ) : (
        <EventTable events={events} zone={zone} label={title} />
      )}
    </section>
  );
};

/** What went wrong on the way here: numbers that are missing, events that came twice, requests that were refused. */
export const DeliveryView = ({ zone }: { readonly zone: Zone }) => {
  const gaps = useAnswer<{ producers: readonly Gap[] }>("sandbox/v1/gaps");
  const refused = useAnswer<{ requests: readonly LoggedRequest[] }>("sandbox/v1/refused?limit=50");
  const producers = gaps.data?.producers ?? [];
  const requests = refused.data?.requests ?? [];
  return (
    <>
      <h1>Delivery</h1>
      <section class="card">
        <h2>Gaps by producer</h2>
        {producers.length === 0 ? (
          <p class="quiet">
            No event carried a producer and a sequence number yet. Clients with an outbox send both.
          </p>
        ) : (
          <DataTable
            label="Gaps by producer"
            heads={["Producer", { number: "Highest" }, { number: "Missing" }, "Which"]}
          >
            {producers.map(({ producer, highest, missing, ranges }) => (
              <tr key={producer}>
                <td class="id">{producer}</td>
                <td class="number">{numberText(highest)}</td>
                <td class="number">
                  {missing === 0 ? "0" : <strong class="bad-text">{numberText(missing)}</strong>}
                </td>
                <td>{missing === 0 ? <span class="quiet">complete</span> : rangesText(ranges)}</td>
              </tr>
            ))}
          </DataTable>
        )}
      </section>
      <section class="card">
        <h2>Refused requests</h2>
        {requests.length === 0 ? (
          <p class="quiet">None.</p>
        ) : (
          <ul class="requests">
            {requests.map((request) => (
              <li key={request.id}>
                <details>
                  <summary>
                    <span class="badge refused">{request.status}</span>{" "}
                    <span class="id">
                      {request.method} {request.path}
                    </span>{" "}
                    <span class="quiet">{timeText(request.received_at, zone)}</span>
                    <br />
                    {request.reason}
                  </summary>
                  <pre tabIndex={0}>{JSON.stringify(request.headers, null, 2)}</pre>
                  <pre tabIndex={0}>{request.body ?? "No body was kept."}</pre>
                </details>
              </li>
            ))}
          </ul>
        )}
      </section>
      <Repeats state="duplicate" title="Duplicates" none="None: no event came twice." zone={zone} />
      <Repeats
        state="conflict"
        title="Conflicts"
        none="None: no id was used for two different events."
        zone={zone}
      />
    </>
  );
};
