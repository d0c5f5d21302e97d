import type { UsageRow } from "../../src/store/usage-query.ts";
import { ApiKeys } from "./api-keys.tsx";
import { DataTable } from "./data-table.tsx";
import { numberText } from "./number-text.ts";
import { Tenants } from "./tenants.tsx";
import type { Zone } from "./time-text.ts";
import { useAnswer } from "./use-answer.ts";

interface CustomerSum {
  readonly customer_id: string;
  readonly tenants: Set<string>;
  readonly meters: Set<string>;
  events: number;
}

/** By customer, the one with the most events first. */
const sumsOf = (rows: readonly UsageRow[]): readonly CustomerSum[] => {
  const sums = new Map<string, CustomerSum>();
  for (const { customer_id, tenant_id, meter_id, events } of rows) {
    const sum = sums.get(customer_id) ?? { customer_id, tenants: new Set(), meters: new Set(), events: 0 };
    sum.tenants.add(tenant_id);
    sum.meters.add(meter_id);
    sum.events += events;
    sums.set(customer_id, sum);
  }
  return [...sums.values()].sort((a, b) => b.events - a.events);
};

const SHOWN = 100;

const Customers = () => {
  const { data } = useAnswer<{ rows: readonly UsageRow[] }>("sandbox/v1/usage");
  const sums = sumsOf(data?.rows ?? []);
  return (
    <section class="card">
      <h2>Customers with usage</h2>
      {sums.length === 0 ? (
        <p class="quiet">Nothing has been counted yet.</p>
      ) : (
        <DataTable
          label="Customers with usage"
          heads={["Customer", "Tenants", { number: "Meters" }, { number: "Events" }]}
        >
          {sums.slice(0, SHOWN).map(({ customer_id, tenants, meters, events }) => (
            <tr key={customer_id}>
              <td class="id">{customer_id}</td>
              <td class="id">{[...tenants].join(", ")}</td>
              <td class="number">{numberText(meters.size)}</td>
              <td class="number">{numberText(events)}</td>
            </tr>
          ))}
        </DataTable>
      )}
      {sums.length > SHOWN && <p class="quiet">{numberText(sums.length - SHOWN)} more with fewer events.</p>}
    </section>
  );
};

/** Who uses and pays: tenants, their customers, and the keys of lookups. */
export const CustomersView = ({ zone }: { readonly zone: Zone }) => (
  <>
    <h1>Customers</h1>
    <Tenants zone={zone} />
    <Customers />
    <ApiKeys zone={zone} />
  </>
);
