import { Child } from "../harness/child.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";

/** How much of the code one event passes. */
export const walk: Measure = {
  name: "walk",
  about: "files, functions and calls that one event passes from record() to its acknowledgement",
  defaults: {},
  run: async () => {
    const rows: Row[] = [];
    for (const outbox of ["memory", "SQLite"]) rows.push(await take(outbox));
    return {
      tables: [{ rows }],
      notes: [
        "By V8's precise coverage of the packages' sources, for one event over `kafka-rest` after another one; SQLite in the main thread. " +
          "What `stats()` does to wait for the stored ending is in it.",
      ],
    };
  },
};

const take = async (outbox: string): Promise<Row> => {
  await using child = new Child(import.meta.resolve("./take-walk.ts"), { args: [outbox] });
  const { files } = await child.next();
  if (!Array.isArray(files)) throw new TypeError(`files: expected a list, got ${typeof files}`);
  const sum = (field: string): number =>
    files.reduce((total: number, file: unknown) => total + numberOf(file, field), 0);
  return { outbox, files: files.length, functions: sum("functions"), calls: sum("calls") };
};

const numberOf = (value: unknown, field: string): number => {
  const number: unknown = typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
  return typeof number === "number" ? number : 0;
};
