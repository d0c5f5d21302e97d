import { useState } from "preact/hooks";
import { Choice } from "./choice.tsx";
import { Combobox } from "./combobox.tsx";
import { DownloadLinks } from "./download-links.tsx";
import { EventTable } from "./event-table.tsx";
import { findCustomers, findMeters, findTenants } from "./find-options.ts";
import { numberText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import { SendEvent } from "./send-event.tsx";
import { Skeleton, Unknown } from "./shown.tsx";
import { useStream } from "./use-stream.ts";

const STATES = [
  ["", "All"],
  ["accepted"],
  ["duplicate"],
  ["conflict"],
  ["refused"],
  ["replaced"],
  ["cancellation"],
] as const;

/** Events as they arrive. */
export const EventsView = () => {
  const { params, set } = usePlace();
  const [paused, setPaused] = useState(false);
  const filter = {
    tenant_id: params.tenant ?? "",
    customer_id: params.customer ?? "",
    meter_id: params.meter ?? "",
    state: STATES.find(([state]) => state === params.state)?.[0] ?? "",
  };
  const { events, error, connected, skipped, retry } = useStream(filter, paused);
  const filtered = Object.values(filter).some((value) => value !== "");
  const [badge, word] = paused
    ? ["duplicate", "paused"]
    : connected
      ? ["accepted", "live"]
      : ["late", error === undefined ? "connecting" : "not connected"];
  return (
    <>
      <h1>
        Events <span class={`badge ${badge}`}>{word}</span>
      </h1>
      <div class="fields">
        <Combobox
          label="Customer"
          value={filter.customer_id}
          find={findCustomers}
          free
          onChoose={(customer) => set({ customer })}
        />
        <Combobox
          label="Tenant"
          value={filter.tenant_id}
          find={findTenants}
          free
          onChoose={(tenant) => set({ tenant })}
        />
        <Combobox
          label="Meter"
          value={filter.meter_id}
          find={findMeters}
          free
          onChoose={(meter) => set({ meter })}
        />
        <Choice label="State" value={filter.state} options={STATES} onChoose={(state) => set({ state })} />
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? "Go on" : "Pause"}
        </button>
        <DownloadLinks of="events" query={filter} />
      </div>
      {skipped > 0 && (
        <p class="quiet">{numberText(skipped)} events went by too fast to show; they are in the export.</p>
      )}
      {events === undefined && error === undefined && <Skeleton lines={8} />}
      {events === undefined && error !== undefined && <Unknown error={error} retry={retry} />}
      {events !== undefined && error !== undefined && <p class="old">Not up to date. {error}</p>}
      {events !== undefined && events.length > 0 && (
        <section class="card">
          <EventTable events={events} label="Events" />
        </section>
      )}
      {events?.length === 0 && filtered && (
        <p class="quiet">No event matches. New events appear automatically.</p>
      )}
      {events?.length === 0 && !filtered && (
        <>
          <p>No event has arrived yet. Send one, and it appears here automatically.</p>
          <SendEvent />
        </>
      )}
    </>
  );
};
