import type { LoggedEvent } from "../../src/store/log-query.ts";
import { DataTable } from "./data-table.tsx";
import { durationText, numberText } from "./number-text.ts";
import { StateBadge } from "./state-badge.tsx";
import { timeText, type Zone } from "./time-text.ts";

const valueText = ({ total_usage, start_time, end_time }: LoggedEvent): string => {
  if (total_usage !== null) return numberText(total_usage);
  if (start_time !== null && end_time !== null) return durationText(end_time - start_time);
  return start_time !== null ? "start" : end_time !== null ? "end" : "–";
};

/** Events as rows; the number leads to the whole story. */
export const EventTable = ({
  events,
  zone,
  label,
}: {
  readonly events: readonly LoggedEvent[];
  readonly zone: Zone;
  readonly label: string;
}) => (
  <DataTable
    label={label}
    heads={["Event", "State", "Tenant", "Meter", { number: "Usage" }, "Arrived", "Event id"]}
  >
    {events.map((event) => (
      <tr key={event.id}>
        <td>
          <a href={`#/events/${event.id}`} aria-label={`Story of event ${event.id}`}>
            #{event.id}
          </a>
        </td>
        <td>
          <StateBadge state={event.state} late={event.late} />
        </td>
        <td class="id">{event.tenant_id ?? "–"}</td>
        <td class="id">{event.meter_id ?? "–"}</td>
        <td class="number">{valueText(event)}</td>
        <td class="time">{timeText(event.received_at, zone)}</td>
        <td class="id">{event.event_id ?? "–"}</td>
      </tr>
    ))}
  </DataTable>
);
