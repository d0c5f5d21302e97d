import type { Reconciliation } from "@meter-lib/core";
import { useState } from "preact/hooks";
import { ask, withQuery } from "./ask.ts";
import { Choice } from "./choice.tsx";
import { DataTable } from "./data-table.tsx";
import { numberText } from "./number-text.ts";
import { timeText, type Zone } from "./time-text.ts";
import { useAction } from "./use-action.ts";

const HOUR_MS = 3_600_000;
/** How many hours back, in words. */
const RANGES: readonly (readonly [number, string])[] = [
  [24, "Last 24 hours"],
  [7 * 24, "Last 7 days"],
  [30 * 24, "Last 30 days"],
  [Number.POSITIVE_INFINITY, "All time"],
];
const SHOWN_IDS = 3;

const idsText = (ids: readonly string[]): string => {
  const more = ids.length - SHOWN_IDS;
  return ids.slice(0, SHOWN_IDS).join(", ") + (more > 0 ? ` and ${numberText(more)} more` : "");
};

const Differences = ({ found, zone }: { readonly found: Reconciliation; readonly zone: Zone }) => (
  <DataTable
    label="Differences"
    heads={[
      "Hour",
      "Tenant",
      "Meter",
      { number: "Recorded" },
      { number: "Acknowledged" },
      { number: "Counted" },
      "Missing here",
      "Not delivered",
      "Unknown there",
    ]}
  >
    {found.differences.map((difference) => (
      <tr key={`${difference.hour} ${difference.tenant_id} ${difference.meter_id}`}>
        <td class="time">{timeText(difference.hour, zone)}</td>
        <td class="id">{difference.tenant_id}</td>
        <td class="id">{difference.meter_id}</td>
        <td class="number">{numberText(difference.recorded)}</td>
        <td class="number">{numberText(difference.acknowledged)}</td>
        <td class="number">{numberText(difference.counted)}</td>
        <td class="words">{idsText(difference.missing)}</td>
        <td class="words">
          {idsText(difference.undelivered.map(({ event_id, state }) => `${event_id} (${state})`))}
        </td>
        <td class="words">{idsText(difference.unknown)}</td>
      </tr>
    ))}
  </DataTable>
);

/** Compares what an outbox recorded with what was counted here, by tenant, meter and hour. */
export const Reconcile = ({ outbox, zone }: { readonly outbox: number; readonly zone: Zone }) => {
  const [hours, setHours] = useState(24);
  const [found, setFound] = useState<Reconciliation>();
  const { said, act } = useAction();

  const compare = (): Promise<void> =>
    act(async (say) => {
      say("Comparing …");
      setFound(undefined);
      const from = Number.isFinite(hours)
        ? Math.floor(Date.now() / HOUR_MS + 1 - hours) * HOUR_MS
        : undefined;
      const answer = await ask<Reconciliation>(
        withQuery(`sandbox/v1/outboxes/${outbox}/reconciliation`, { from }),
      );
      setFound(answer);
      const scope = `${numberText(answer.compared)} rows by tenant, meter and hour`;
      const differences = answer.differences.length + answer.gaps.length;
      return answer.agrees
        ? `Both sides agree, over ${scope}.`
        : `${numberText(differences)} ${differences === 1 ? "difference" : "differences"} in ${scope}.`;
    });

  return (
    <section class="card">
      <h2>Reconcile</h2>
      <p class="quiet">What the outbox recorded, beside what is counted here.</p>
      <div class="fields">
        <Choice label="Time" value={hours} options={RANGES} onChoose={setHours} />
        <button type="button" class="primary" onClick={compare}>
          Compare
        </button>
      </div>
      <p class="said" role="status">
        {said}
      </p>
      {found !== undefined && found.differences.length > 0 && <Differences found={found} zone={zone} />}
      {found?.gaps.map(({ producer, missing }) => (
        <p key={producer} class="bad-text">
          Acknowledged there and never arrived here: numbers{" "}
          {missing.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(", ")} of producer{" "}
          <span class="id">{producer}</span>.
        </p>
      ))}
    </section>
  );
};
