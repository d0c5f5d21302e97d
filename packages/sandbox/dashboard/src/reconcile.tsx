import { useState } from "preact/hooks";
import { reconciliationShape, type ShownDifference, type ShownReconciliation } from "./answer-shapes.ts";
import { ask, withQuery } from "./ask.ts";
import { Choice } from "./choice.tsx";
import { type Column, DataTable } from "./data-table.tsx";
import { Id } from "./id.tsx";
import { numberText } from "./number-text.ts";
import { Time } from "./time.tsx";
import { useAction } from "./use-action.ts";

const HOUR_MS = 3_600_000;
/** How many hours back, in words. */
const SPANS: readonly (readonly [number, string])[] = [
  [24, "Last 24 hours"],
  [7 * 24, "Last 7 days"],
  [30 * 24, "Last 30 days"],
  [Number.POSITIVE_INFINITY, "All time"],
];
const SHOWN_IDS = 3;

const idsText = (ids: readonly string[]): string => {
  if (ids.length === 0) return "–";
  const more = ids.length - SHOWN_IDS;
  return ids.slice(0, SHOWN_IDS).join(", ") + (more > 0 ? ` and ${numberText(more)} more` : "");
};

const COLUMNS: readonly Column<ShownDifference>[] = [
  { head: "Hour", cell: ({ hour }) => <Time at={hour} /> },
  { head: "Tenant", cell: ({ tenant_id }) => <Id kind="tenants" id={tenant_id} /> },
  { head: "Meter", cell: ({ meter_id }) => <Id kind="meters" id={meter_id} /> },
  { head: "Recorded", number: true, cell: ({ recorded }) => numberText(recorded) },
  { head: "Acknowledged", number: true, cell: ({ acknowledged }) => numberText(acknowledged) },
  { head: "Counted", number: true, cell: ({ counted }) => numberText(counted) },
  { head: "Missing here", cell: ({ missing }) => <span class="words">{idsText(missing)}</span> },
  {
    head: "Not delivered",
    cell: ({ undelivered }) => (
      <span class="words">{idsText(undelivered.map(({ event_id, state }) => `${event_id} (${state})`))}</span>
    ),
  },
  { head: "Unknown there", cell: ({ unknown }) => <span class="words">{idsText(unknown)}</span> },
];

/** What came of a comparison, in words. */
const resultText = ({ agrees, compared, differences, gaps }: ShownReconciliation): string => {
  const scope = `${numberText(compared)} ${compared === 1 ? "row" : "rows"} by tenant, meter and hour`;
  const count = differences.length + gaps.length;
  return agrees
    ? `Both sides agree on ${scope}.`
    : `${numberText(count)} ${count === 1 ? "difference" : "differences"} in ${scope}.`;
};

/** Compares what an outbox recorded with what was counted here, by tenant, meter and hour. */
export const Reconcile = ({ outbox }: { readonly outbox: number }) => {
  const [hours, setHours] = useState(24);
  /** The last comparison, with the range that it is of: it says nothing of another one. */
  const [last, setLast] = useState<{ readonly hours: number; readonly found: ShownReconciliation }>();
  const { said, act } = useAction();
  const found = last?.hours === hours ? last.found : undefined;

  const compare = (): Promise<void> =>
    act(async (say) => {
      say("Comparing …");
      setLast(undefined);
      const from = Number.isFinite(hours)
        ? Math.floor(Date.now() / HOUR_MS + 1 - hours) * HOUR_MS
        : undefined;
      const path = withQuery(`sandbox/v1/outboxes/${outbox}/reconciliation`, { from });
      setLast({ hours, found: await ask(path, reconciliationShape) });
      return "";
    });

  return (
    <section class="card">
      <h2>Reconcile</h2>
      <p class="quiet">What the outbox recorded, compared with what was counted here.</p>
      <div class="fields">
        <Choice label="Range" value={hours} options={SPANS} onChoose={setHours} />
        <button type="button" class="primary" onClick={compare}>
          Compare
        </button>
      </div>
      <p class="said" role="status">
        {found === undefined ? said : resultText(found)}
      </p>
      {found !== undefined && found.differences.length > 0 && (
        <DataTable
          label="Differences"
          columns={COLUMNS}
          rows={found.differences}
          keyOf={({ hour, tenant_id, meter_id }) => `${hour} ${tenant_id} ${meter_id}`}
        />
      )}
      {found?.gaps.map(({ producer, missing }) => (
        <p key={producer} class="bad-text">
          Acknowledged there, but never arrived here: numbers{" "}
          {missing.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(", ")} of producer{" "}
          <span class="id">{producer}</span>.
        </p>
      ))}
    </section>
  );
};
