import type { LoggedEvent } from "../../src/store/log-query.ts";
import { durationText, numberText } from "./number-text.ts";
import { ScrollRegion } from "./scroll-region.tsx";
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
  <ScrollRegion label={label}>
    <table class="events">
      <thead>
        <tr>
          <th scope="col">Event</th>
          <th scope="col">State</th>
          <th scope="col">Tenant</th>
          <th scope="col">Meter</th>
          <th scope="col" class="number">
            Usage
          </th>
          <th scope="col">Arrived</th>
          <th scope="col">Event id</th>
        </tr>
      </thead>
      <tbody>
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
      </tbody>
    </table>
  </ScrollRegion>
);
