import { useState } from "preact/hooks";
import { tenantShape, tenantsShape, unknownTenantsShape } from "./answer-shapes.ts";
import { ask, NoAnswer, put, remove, withQuery } from "./ask.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { DataTable, type Sort } from "./data-table.tsx";
import { Id, PlainId } from "./id.tsx";
import { numberText } from "./number-text.ts";
import { Pages } from "./pages.tsx";
import { Shown, Unknown } from "./shown.tsx";
import { tenantPath } from "./tenant-path.ts";
import { Time } from "./time.tsx";
import { useAction } from "./use-action.ts";
import { dataOf, useAnswer } from "./use-answer.ts";
import { useTableState } from "./use-table-state.ts";

const SIZE = 50;
const UNSORTED: Sort = { by: "", descending: false };

/** Who pays for a tenant so far; undefined for an unknown one. */
const payerOf = async (tenant_id: string): Promise<string | undefined> => {
  try {
    return (await ask(tenantPath(tenant_id), tenantShape)).customer_id;
  } catch (error) {
    if (error instanceof NoAnswer && error.status === 404) return undefined;
    throw error;
  }
};

/** Customers by tenant, and unknown tenants that were looked up. */
export const Tenants = () => {
  const { search, offset, setSearch, setOffset } = useTableState("tenants", UNSORTED, []);
  const tenants = useAnswer(withQuery("sandbox/v1/tenants", { search, offset, limit: SIZE }), tenantsShape, {
    like: `tenants ${search}`,
  });
  const unknown = useAnswer("sandbox/v1/unknown-tenants", unknownTenantsShape);
  const [tenant, setTenant] = useState("");
  const [customer, setCustomer] = useState("");
  /** Who pays so far for the tenant that is to be added. */
  const [payer, setPayer] = useState<string>();
  const { said, act } = useAction(() => {
    tenants.refresh();
    unknown.refresh();
  });

  const pay = async (tenant_id: string, customer_id: string): Promise<string> => {
    await put(tenantPath(tenant_id), { customer_id });
    return `${customer_id} pays for ${tenant_id}.`;
  };
  const payForNew = async (): Promise<string> => {
    const words = await pay(tenant, customer);
    setTenant("");
    setCustomer("");
    return words;
  };
  /** Of a tenant that is known, another customer is asked about first. */
  const add = async (): Promise<string> => {
    const before = await payerOf(tenant);
    if (before === undefined || before === customer) return payForNew();
    setPayer(before);
    return "";
  };
  const drop = (tenant_id: string): Promise<void> =>
    act(async () => {
      await remove(tenantPath(tenant_id));
      return `Removed ${tenant_id}. Its usage stays.`;
    });

  const strangers = dataOf(unknown)?.tenants;
  return (
    <>
      <p class="said" role="status">
        {said}
      </p>
      {unknown.state === "unknown" && (
        <section class="card">
          <h2>Unknown customers</h2>
          <Unknown error={unknown.error} retry={unknown.refresh} />
        </section>
      )}
      {strangers !== undefined && strangers.length > 0 && (
        <section class="card attention">
          <h2>Unknown customers</h2>
          <p>
            Clients looked these tenants up, but they have no customer. Their events wait at the client and
            are sent once the tenant is added.
          </p>
          <DataTable
            label="Unknown customers"
            columns={[
              { head: "Tenant", cell: ({ tenant_id }) => <PlainId id={tenant_id} /> },
              { head: "Customer", cell: ({ tenant_id }) => <span class="id">cust_{tenant_id}</span> },
              {
                head: "Add",
                unseen: true,
                cell: ({ tenant_id }) => (
                  <button
                    type="button"
                    class="primary"
                    aria-label={`Add ${tenant_id}`}
                    onClick={() => act(() => pay(tenant_id, `cust_${tenant_id}`))}
                  >
                    Add
                  </button>
                ),
              },
              { head: "Lookups", number: true, cell: ({ lookups }) => numberText(lookups) },
              { head: "Last lookup", cell: ({ last_at }) => <Time at={last_at} /> },
            ]}
            rows={strangers}
            keyOf={({ tenant_id }) => tenant_id}
          />
        </section>
      )}
      <section class="card">
        <div class="head">
          <h2>Tenants</h2>
          <input
            type="search"
            aria-label="Search tenants"
            placeholder="Id contains …"
            value={search}
            onInput={(e) => setSearch(e.currentTarget.value)}
          />
        </div>
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            void act(add);
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
            Customer{" "}
            <input
              required
              value={customer}
              placeholder="cust_001"
              onInput={(e) => setCustomer(e.currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary">
            Add tenant
          </button>
        </form>
        {payer !== undefined && (
          <ConfirmDialog
            title={`Change who pays for ${tenant}?`}
            verb="Change"
            onConfirm={() => act(payForNew)}
            onClose={() => setPayer(undefined)}
          >
            <p>
              <span class="id">{payer}</span> pays for it now. New events will count for{" "}
              <span class="id">{customer}</span>; counted usage stays where it is.
            </p>
          </ConfirmDialog>
        )}
        <Shown of={tenants} lines={5}>
          {({ tenants: rows, total }) =>
            total === 0 ? (
              <p class="quiet">{search === "" ? "None yet." : "Nothing matches."}</p>
            ) : (
              <>
                <DataTable
                  label="Tenants"
                  columns={[
                    { head: "Tenant", cell: ({ tenant_id }) => <Id kind="tenants" id={tenant_id} /> },
                    { head: "Customer", cell: ({ customer_id }) => <Id kind="customers" id={customer_id} /> },
                    {
                      head: "Remove",
                      unseen: true,
                      cell: ({ tenant_id }) => (
                        <ConfirmButton
                          label="Remove"
                          name={`Remove ${tenant_id}`}
                          title={`Remove ${tenant_id}?`}
                          onConfirm={() => drop(tenant_id)}
                        >
                          <p>
                            Lookups will find no customer, and its events will be refused. Counted usage
                            stays.
                          </p>
                        </ConfirmButton>
                      ),
                    },
                  ]}
                  rows={rows}
                  keyOf={({ tenant_id }) => tenant_id}
                />
                <Pages offset={offset} size={SIZE} total={total} onMove={setOffset} />
              </>
            )
          }
        </Shown>
      </section>
    </>
  );
};
