import type { LoggedSession } from "../../src/store/session-query.ts";
import { eventsShape, sessionsShape, tenantShape } from "./answer-shapes.ts";
import { withQuery } from "./ask.ts";
import { type Column, DataTable } from "./data-table.tsx";
import { EventTable } from "./event-table.tsx";
import { CopyButton, Id, type IdKind, PlainId } from "./id.tsx";
import { durationText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import type { Scope } from "./scope.ts";
import { Shown } from "./shown.tsx";
import { tenantPath } from "./tenant-path.ts";
import { Time, useNow } from "./time.tsx";
import { rangeOf } from "./time-range.ts";
import { TotalsTable } from "./totals-table.tsx";
import { Usage } from "./usage-view.tsx";
import { useAnswer } from "./use-answer.ts";

const SHOWN = 10;

const SESSION_COLUMNS: readonly Column<LoggedSession>[] = [
  { head: "Session", cell: ({ session }) => <PlainId id={session} /> },
  { head: "Tenant", cell: ({ tenant_id }) => <Id kind="tenants" id={tenant_id} /> },
  { head: "Meter", cell: ({ meter_id }) => <Id kind="meters" id={meter_id} /> },
  { head: "Start", cell: ({ start }) => <Time at={start} /> },
  {
    head: "End",
    cell: ({ end }) => (end === null ? <span class="badge late">open</span> : <Time at={end} />),
  },
  {
    head: "Duration",
    number: true,
    cell: ({ start, end }) => (end === null ? "–" : durationText(end - start)),
  },
];

const Sessions = ({ scope }: { readonly scope: Scope }) => {
  const sessions = useAnswer(withQuery("sandbox/v1/sessions", { ...scope, limit: SHOWN }), sessionsShape);
  return (
    <section class="card">
      <h2>Sessions</h2>
      <Shown of={sessions}>
        {({ sessions: rows }) =>
          rows.length === 0 ? (
            <p class="quiet">None: no session has started with an event of its own.</p>
          ) : (
            <DataTable
              label="Sessions"
              columns={SESSION_COLUMNS}
              rows={rows}
              keyOf={({ session, event }) => `${session} ${event}`}
            />
          )
        }
      </Shown>
    </section>
  );
};

/** The newest events of a scope, of one state or of all. */
const Events = ({
  scope,
  state,
  title,
  none,
}: {
  readonly scope: Scope;
  readonly state?: string;
  readonly title: string;
  readonly none: string;
}) => {
  const { linkTo } = usePlace();
  const { customer_id, tenant_id, meter_id } = scope;
  const events = useAnswer(
    withQuery("sandbox/v1/events", { ...scope, state, limit: SHOWN, brief: "true" }),
    eventsShape,
  );
  return (
    <section class="card">
      <div class="head">
        <h2>{title}</h2>
        <a href={linkTo(["events"], { customer: customer_id, tenant: tenant_id, meter: meter_id, state })}>
          Live events
        </a>
      </div>
      <Shown of={events}>
        {({ events: rows }) =>
          rows.length === 0 ? <p class="quiet">{none}</p> : <EventTable events={rows} label={title} />
        }
      </Shown>
    </section>
  );
};

/** Who pays for a tenant. */
const Payer = ({ tenant_id }: { readonly tenant_id: string }) => {
  const tenant = useAnswer(tenantPath(tenant_id), tenantShape);
  if (tenant.state === "unknown" && tenant.status === 404)
    return <p>This tenant has no customer, so its events are refused.</p>;
  return (
    <Shown of={tenant} lines={1}>
      {({ customer_id }) => (
        <p>
          Customer: <Id kind="customers" id={customer_id} />
        </p>
      )}
    </Shown>
  );
};

const SCOPES: Readonly<Record<IdKind, readonly [word: string, scopeOf: (id: string) => Scope]>> = {
  customers: ["Customer", (customer_id) => ({ customer_id })],
  tenants: ["Tenant", (tenant_id) => ({ tenant_id })],
  meters: ["Meter", (meter_id) => ({ meter_id })],
};

/** Everything about one customer, tenant or meter. */
export const ScopePage = ({ kind, id }: { readonly kind: IdKind; readonly id: string }) => {
  const { params, zone, linkTo } = usePlace();
  const now = useNow();
  const [word, scopeOf] = SCOPES[kind];
  const scope = scopeOf(id);
  const query = { ...scope, ...rangeOf(params, now, zone) };
  return (
    <>
      <p>
        <a href={linkTo([kind === "meters" ? "meters" : "customers"])}>
          ← All {kind === "meters" ? "meters" : "customers"}
        </a>
      </p>
      <h1>
        {word} <span class="id">{id}</span> <CopyButton text={id} />
      </h1>
      {kind === "tenants" && <Payer tenant_id={id} />}
      <Usage scope={scope} />
      {kind !== "meters" && (
        <TotalsTable by="meter" query={query} measuresTime={false} title="Meters" name="meters" />
      )}
      {kind === "customers" && (
        <TotalsTable by="tenant" query={query} measuresTime={false} title="Tenants" name="tenants" />
      )}
      <Events scope={scope} title="Newest events" none="No event has arrived yet." />
      <Sessions scope={scope} />
      <Events scope={scope} state="duplicate" title="Duplicates" none="None: no event came twice." />
      <Events
        scope={scope}
        state="conflict"
        title="Conflicts"
        none="None: no id was used for two different events."
      />
      <Events scope={scope} state="refused" title="Refused events" none="None." />
    </>
  );
};
