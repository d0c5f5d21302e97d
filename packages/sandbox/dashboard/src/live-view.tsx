import { useState } from "preact/hooks";
import { Choice } from "./choice.tsx";
import { DownloadLinks } from "./download-links.tsx";
import { EventTable } from "./event-table.tsx";
import { numberText } from "./number-text.ts";
import { SendEvent } from "./send-event.tsx";
import type { Zone } from "./time-text.ts";
import { type EventFilter, useStream } from "./use-stream.ts";

const STATES = [["", "all"], ["accepted"], ["duplicate"], ["conflict"], ["refused"]] as const;
const NO_FILTER: EventFilter = { tenant_id: "", meter_id: "", state: "" };

/** Events as they arrive. */
export const LiveView = ({ zone }: { readonly zone: Zone }) => {
  const [filter, setFilter] = useState(NO_FILTER);
  const { events, connected, skipped } = useStream(filter);
  const filtered = Object.values(filter).some((value) => value !== "");
  return (
    <>
      <h1>
        Events{" "}
        <span class={`badge ${connected ? "accepted" : "late"}`}>{connected ? "live" : "connecting"}</span>
      </h1>
      <div class="fields">
        <label>
          Tenant{" "}
          <input
            value={filter.tenant_id}
            placeholder="all"
            onChange={(e) => setFilter({ ...filter, tenant_id: e.currentTarget.value.trim() })}
          />
        </label>
        <label>
          Meter{" "}
          <input
            value={filter.meter_id}
            placeholder="all"
            onChange={(e) => setFilter({ ...filter, meter_id: e.currentTarget.value.trim() })}
          />
        </label>
        <Choice
          label="State"
          value={filter.state}
          options={STATES}
          onChoose={(state) => setFilter({ ...filter, state })}
        />
        <DownloadLinks of="events" query={{ ...filter }} />
      </div>
      {skipped > 0 && (
        <p class="quiet">{numberText(skipped)} events went by too fast to show; they are in the export.</p>
      )}
      {events !== undefined && events.length > 0 && (
        <section class="card">
          <EventTable events={events} zone={zone} label="Events" />
        </section>
      )}
      {events?.length === 0 && filtered && (
        <p class="quiet">No event matches. New ones appear by themselves.</p>
      )}
      {events?.length === 0 && !filtered && (
        <>
          <p>No event has arrived yet. Send the first one; it appears here by itself.</p>
          <SendEvent />
        </>
      )}
    </>
  );
};
