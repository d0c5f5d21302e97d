import { useState } from "preact/hooks";
import type { Tenant } from "../../src/store/accounts.ts";
import type { UnknownTenant } from "../../src/store/unknown-tenants.ts";
import { put, remove } from "./ask.ts";
import { DataTable } from "./data-table.tsx";
import { timeText, type Zone } from "./time-text.ts";
import { useAction } from "./use-action.ts";
import { useAnswer } from "./use-answer.ts";

const pathOf = (tenant_id: string): string => `sandbox/v1/tenants/${encodeURIComponent(tenant_id)}`;

/** Who pays for which tenant, and which tenants were asked for in vain. */
export const Tenants = ({ zone }: { readonly zone: Zone }) => {
  const tenants = useAnswer<{ tenants: readonly Tenant[] }>("sandbox/v1/tenants");
  const unknown = useAnswer<{ tenants: readonly UnknownTenant[] }>("sandbox/v1/unknown-tenants");
  const [tenant, setTenant] = useState("");
  const [customer, setCustomer] = useState("");
  const { said, act } = useAction(() => {
    tenants.refresh();
    unknown.refresh();
  });

  const add = (tenant_id: string, customer_id: string): Promise<void> =>
    act(async () => {
      await put(pathOf(tenant_id), { customer_id });
      return `${tenant_id} is paid for by ${customer_id}.`;
    });
  const drop = (tenant_id: string): Promise<void> =>
    act(async () => {
      await remove(pathOf(tenant_id));
      return `${tenant_id} is removed; its usage stays.`;
    });

  const known = tenants.data?.tenants ?? [];
  const strangers = unknown.data?.tenants ?? [];
  return (
    <>
      <p class="said" role="status">
        {said}
      </p>
      {strangers.length > 0 && (
        <section class="card attention">
          <h2>Asked for and unknown</h2>
          <p>
            A client looked these up and found nobody to bill. Events of such a tenant wait at the client;
            once it is added, they are sent.
          </p>
          <DataTable
            label="Unknown tenants"
            heads={["Tenant", "Customer", { unseen: "Add" }, { number: "Lookups" }, "Last"]}
          >
            {strangers.map(({ tenant_id, lookups, last_at }) => (
              <tr key={tenant_id}>
                <td class="id">{tenant_id}</td>
                <td class="id">cust_{tenant_id}</td>
                <td class="act">
                  <button
                    type="button"
                    class="primary"
                    aria-label={`Add ${tenant_id}`}
                    onClick={() => add(tenant_id, `cust_${tenant_id}`)}
                  >
                    Add
                  </button>
                </td>
                <td class="number">{lookups}</td>
                <td class="time">{timeText(last_at, zone)}</td>
              </tr>
            ))}
          </DataTable>
        </section>
      )}
      <section class="card">
        <h2>Add a tenant</h2>
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            void add(tenant, customer).then(() => {
              setTenant("");
              setCustomer("");
            });
          }}
        >
          <label>
            Tenant{" "}
            <input
              required
              value={tenant}
              placeholder="tenant_123"
              onInput={(e) => setTenant(e.currentTarget.value)}
            />
          </label>
          <label>
            Customer who pays{" "}
            <input
              required
              value={customer}
              placeholder="cust_001"
              onInput={(e) => setCustomer(e.currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary">
            Add
          </button>
        </form>
      </section>
      <section class="card">
        <h2>Known tenants</h2>
        {known.length === 0 ? (
          <p class="quiet">None yet.</p>
        ) : (
          <DataTable label="Known tenants" heads={["Tenant", "Customer", { unseen: "Remove" }]}>
            {known.map(({ tenant_id, customer_id }) => (
              <tr key={tenant_id}>
                <td class="id">{tenant_id}</td>
                <td class="id">{customer_id}</td>
                <td class="act">
                  <button type="button" aria-label={`Remove ${tenant_id}`} onClick={() => drop(tenant_id)}>
                    Remove
                  </button>
                </td>
              </tr>
            ))}
          </DataTable>
        )}
      </section>
    </>
  );
};
