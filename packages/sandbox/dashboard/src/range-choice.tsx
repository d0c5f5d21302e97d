import { Choice } from "./choice.tsx";
import { usePlace } from "./place.ts";
import { RANGES, rangeName } from "./time-range.ts";

/** The time to look at. */
export const RangeChoice = () => {
  const { params, set } = usePlace();
  const name = rangeName(params);
  const ranges = RANGES.map(([value, words]) => [value, words] as const);
  return (
    <Choice
      label="Range"
      value={name}
      options={name === "custom" ? [...ranges, ["custom", "Chosen in the chart"]] : ranges}
      onChoose={(range) => set({ range, from: "", to: "" })}
    />
  );
};
