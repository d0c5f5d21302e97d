import * as v from "valibot";

/** Different names for some meters, by meter id. */
export type NameMap = Readonly<Record<string, string>>;

/** The option as an entry of a valibot schema. */
export const nameMapEntry = (maxLength: number) => {
  const expected = `an object of names by meter id, each of 1 to ${maxLength} characters`;
  const name = v.pipe(v.string(expected), v.minLength(1, expected), v.maxLength(maxLength, expected));
  return v.optional(v.record(v.string(), name, expected), {});
};

/** Returns the backend's name of a meter: its id, unless the map has another. */
export const nameOf = (names: NameMap, meter_id: string): string =>
  Object.hasOwn(names, meter_id) ? (names[meter_id] ?? meter_id) : meter_id;
