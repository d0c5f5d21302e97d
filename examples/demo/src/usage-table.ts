import type { UsageSum } from "./compare-usage.ts";

const count = new Intl.NumberFormat("en");
const seconds = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Units by meter, for people. */
export type Units = Readonly<Record<string, { readonly unit?: string | undefined; readonly type: string }>>;

/** Usage by customer and meter, and by meter alone, as a table of text. */
export const usageTable = (sums: readonly UsageSum[], units: Units): string => {
  const everybody = sums.map((sum) => ({ ...sum, customer_id: "all" }));
  return align([
    ["customer", "meter", "events", "usage", "unit"],
    ...billRows(sums, units),
    ...billRows(everybody, units),
  ]);
};

/** A row for each customer and meter; the customer's name stands in the first of its rows. */
const billRows = (sums: readonly UsageSum[], units: Units): readonly (readonly string[])[] => {
  const bills = new Map<
    string,
    { customer: string; meter: string; events: number; total: number; ms: number }
  >();
  for (const { customer_id, meter_id, events, total_usage, duration_ms } of sums) {
    const key = `${customer_id} ${meter_id}`;
    const bill = bills.get(key) ?? { customer: customer_id, meter: meter_id, events: 0, total: 0, ms: 0 };
    bill.events += events;
    bill.total += total_usage;
    bill.ms += duration_ms;
    bills.set(key, bill);
  }
  return [...bills.values()]
    .sort((a, b) => a.customer.localeCompare(b.customer) || a.meter.localeCompare(b.meter))
    .map(({ customer, meter, events, total, ms }, index, all) => [
      all[index - 1]?.customer === customer ? "" : customer,
      meter,
      count.format(events),
      ...(units[meter]?.type === "performance"
        ? [seconds.format(ms / 1000), "second"]
        : [count.format(total), units[meter]?.unit ?? ""]),
    ]);
};

const RIGHT = new Set([2, 3]);

const align = (rows: readonly (readonly string[])[]): string => {
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};
