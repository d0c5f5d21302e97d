import type { DatabaseSync } from "node:sqlite";
import { numberIn, textIn } from "./column.ts";

/** A metadata key of a meter, and how many values of it are told apart. */
export interface LabelKey {
  readonly key: string;
  readonly values: number;
}

export interface Labels {
  /** The numbers of an event's metadata: one for each key with its value. Within a transaction. */
  numbersOf(meter: number, metadata: Readonly<Record<string, unknown>> | undefined): readonly number[];
  /** Keys that usage of a meter can be grouped by: not those that have had too many values. */
  keysOf(meter: number): readonly LabelKey[];
  /** The values of a key, by their numbers. */
  valuesOf(meter: number, key: string): ReadonlyMap<number, string>;
  /** Clears the cache after a rollback or a reset. */
  reload(): void;
}

/** What the library itself adds: ids, which differ from event to event. */
const OUR_METADATA = "meter.";
const MAX_KEYS = 10;
/** A key with more values is an id rather than something to group by. */
const MAX_VALUES = 200;

export const createLabels = (database: DatabaseSync): Labels => {
  const all = database.prepare("SELECT id, meter, key, value FROM labels ORDER BY id");
  const insert = database.prepare("INSERT INTO labels (meter, key, value) VALUES (?, ?, ?)");
  const meters = new Map<number, Map<string, Map<string, number>>>();

  const keysOf = (meter: number): Map<string, Map<string, number>> => {
    const keys = meters.get(meter) ?? new Map<string, Map<string, number>>();
    meters.set(meter, keys);
    return keys;
  };
  const reload = (): void => {
    meters.clear();
    for (const row of all.iterate()) {
      const keys = keysOf(numberIn(row, "meter"));
      const key = textIn(row, "key");
      const values = keys.get(key) ?? new Map<string, number>();
      keys.set(key, values.set(textIn(row, "value"), numberIn(row, "id")));
    }
  };
  reload();

  const numberOf = (meter: number, key: string, value: string): number | undefined => {
    const keys = keysOf(meter);
    const values = keys.get(key) ?? new Map<string, number>();
    const known = values.get(value);
    if (known !== undefined || values.size >= MAX_VALUES || (values.size === 0 && keys.size >= MAX_KEYS))
      return known;
    const id = Number(insert.run(meter, key, value).lastInsertRowid);
    keys.set(key, values.set(value, id));
    return id;
  };

  return {
    numbersOf: (meter, metadata) => {
      const numbers: number[] = [];
      for (const key in metadata) {
        const value = metadata[key];
        if (key.startsWith(OUR_METADATA) || typeof value !== "string") continue;
        const number = numberOf(meter, key, value);
        if (number !== undefined) numbers.push(number);
      }
      return numbers;
    },
    keysOf: (meter) =>
      Array.from(meters.get(meter) ?? [], ([key, values]) => ({ key, values: values.size })).filter(
        ({ values }) => values < MAX_VALUES,
      ),
    valuesOf: (meter, key) =>
      new Map(Array.from(meters.get(meter)?.get(key) ?? [], ([value, id]) => [id, value])),
    reload,
  };
};
