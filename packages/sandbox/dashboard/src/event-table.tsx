import type { LoggedEvent } from "../../src/store/log-query.ts";
import { type Column, DataTable } from "./data-table.tsx";
import { Id, PlainId } from "./id.tsx";
import { durationText, numberText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import { StateBadge } from "./state-badge.tsx";
import { Time } from "./time.tsx";

const valueText = ({ total_usage, start_time, end_time }: LoggedEvent): string => {
  if (total_usage !== null) return numberText(total_usage);
  if (start_time !== null && end_time !== null) return durationText(end_time - start_time);
  return start_time !== null ? "start" : end_time !== null ? "end" : "–";
};

const EventLink = ({ id }: { readonly id: number }) => {
  const { linkTo } = usePlace();
  return (
    <a href={linkTo(["events", `${id}`])} aria-label={`Story of event ${id}`}>
      #{id}
    </a>
  );
};

const COLUMNS: readonly Column<LoggedEvent>[] = [
  { head: "Event", cell: ({ id }) => <EventLink id={id} /> },
  { head: "State", cell: (event) => <StateBadge {...event} /> },
  { head: "Customer", cell: ({ customer_id }) => <Id kind="customers" id={customer_id} /> },
  { head: "Tenant", cell: ({ tenant_id }) => <Id kind="tenants" id={tenant_id} /> },
  { head: "Meter", cell: ({ meter_id }) => <Id kind="meters" id={meter_id} /> },
  { head: "Usage", number: true, cell: valueText },
  { head: "Arrived", cell: ({ received_at }) => <Time at={received_at} /> },
  { head: "Event id", cell: ({ event_id }) => <PlainId id={event_id} /> },
];

/** Events as rows; the number leads to the whole story. */
export const EventTable = ({
  events,
  label,
}: {
  readonly events: readonly LoggedEvent[];
  readonly label: string;
}) => <DataTable label={label} columns={COLUMNS} rows={events} keyOf={({ id }) => id} />;
