import { usePlace } from "./place.ts";
import { RangeChoice } from "./range-choice.tsx";
import { useNow } from "./time.tsx";
import { rangeOf } from "./time-range.ts";
import { TotalsTable } from "./totals-table.tsx";

/** All meters with usage. */
export const MetersView = () => {
  const { params, zone } = usePlace();
  const now = useNow();
  return (
    <>
      <h1>Meters</h1>
      <div class="fields">
        <RangeChoice />
      </div>
      <TotalsTable by="meter" query={{ ...rangeOf(params, now, zone) }} measuresTime={false} />
    </>
  );
};
