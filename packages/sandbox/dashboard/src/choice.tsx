/** A list to choose one of, under its label. An option is a value, with words where the value does not speak for itself. */
export const Choice = <Value extends string | number>({
  label,
  value,
  options,
  onChoose,
}: {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, words?: string])[];
  readonly onChoose: (value: Value) => void;
}) => (
  <label>
    {label}
    <select
      value={value}
      onChange={(e) => {
        const chosen = options[e.currentTarget.selectedIndex];
        if (chosen !== undefined) onChoose(chosen[0]);
      }}
    >
      {options.map(([one, words = one]) => (
        <option key={one} value={one}>
          {words}
        </option>
      ))}
    </select>
  </label>
);
