import { ApiKeys } from "./api-keys.tsx";
import { usePlace } from "./place.ts";
import { RangeChoice } from "./range-choice.tsx";
import { Tenants } from "./tenants.tsx";
import { useNow } from "./time.tsx";
import { rangeOf } from "./time-range.ts";
import { TotalsTable } from "./totals-table.tsx";

/** Who uses and pays: tenants, their customers, and the keys of lookups. */
export const CustomersView = () => {
  const { params, zone } = usePlace();
  const now = useNow();
  return (
    <>
      <h1>Customers</h1>
      <Tenants />
      <div class="fields">
        <RangeChoice />
      </div>
      <TotalsTable
        by="customer"
        query={{ ...rangeOf(params, now, zone) }}
        measuresTime={false}
        title="Customers with usage"
      />
      <ApiKeys />
    </>
  );
};
