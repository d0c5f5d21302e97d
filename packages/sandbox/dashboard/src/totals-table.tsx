import type { Totals, TotalsBy, TotalsRow } from "../../src/store/usage-totals.ts";
import { totalsShape } from "./answer-shapes.ts";
import { withQuery } from "./ask.ts";
import { type Column, DataTable, type Sort } from "./data-table.tsx";
import { DownloadLinks } from "./download-links.tsx";
import { Id, type IdKind } from "./id.tsx";
import { durationText, numberText } from "./number-text.ts";
import { Pages } from "./pages.tsx";
import { Shown } from "./shown.tsx";
import { useAnswer } from "./use-answer.ts";
import { useTableState } from "./use-table-state.ts";

const KINDS: Readonly<Record<TotalsBy, readonly [kind: IdKind, head: string]>> = {
  customer: ["customers", "Customer"],
  tenant: ["tenants", "Tenant"],
  meter: ["meters", "Meter"],
};
const SIZE = 50;
const USUAL: Sort = { by: "events", descending: true };
const SORTS: readonly (keyof TotalsRow)[] = [
  "id",
  "total_usage",
  "duration_ms",
  "events",
  "customers",
  "tenants",
  "duplicates",
  "conflicts",
  "late",
];

const timeText = (ms: number): string => (ms === 0 ? "–" : durationText(ms));

/** Totals by customer, tenant or meter: searched, sorted, a page at a time, with the sum of all. */
export const TotalsTable = ({
  by,
  query,
  measuresTime,
  title = "Totals",
  name = "totals",
}: {
  readonly by: TotalsBy;
  readonly query: Readonly<Record<string, string | number | undefined>>;
  /** Of meters that count time the duration comes first. */
  readonly measuresTime: boolean;
  readonly title?: string;
  /** In the address. */
  readonly name?: string;
}) => {
  const { search, sort, offset, setSearch, setSort, setOffset } = useTableState(name, USUAL, SORTS);
  const rows = withQuery("sandbox/v1/usage/totals", { by, ...query, search });
  const page = { sort: sort.by, order: sort.descending ? "desc" : "asc", offset, limit: SIZE };
  const answered = useAnswer(withQuery(rows, page), totalsShape, { like: rows });
  const [kind, head] = KINDS[by];

  const columnsOf = ({ sum, total }: Totals): readonly Column<TotalsRow>[] => {
    const number = (
      name: Exclude<keyof TotalsRow, "id">,
      words: string,
      text: (value: number | null) => string = numberText,
    ): Column<TotalsRow> => ({
      head: words,
      number: true,
      sort: name,
      cell: (row) => text(row[name]),
      sum: text(sum[name]),
    });
    const duration = number("duration_ms", "Duration", (ms) => timeText(ms ?? 0));
    const usage = number("total_usage", "Usage");
    // Units of different meters do not add up: a column of nothing says nothing.
    const usages = by === "meter" || query.meter_id !== undefined ? [usage] : [];
    return [
      {
        head,
        sort: "id",
        cell: ({ id }) => <Id kind={kind} id={id} />,
        sum: (
          <strong>
            {numberText(total)} {total === 1 ? by : `${by}s`}
          </strong>
        ),
      },
      ...(measuresTime ? [duration, ...usages] : [...usages, duration]),
      number("events", "Events"),
      ...(by === "customer" ? [] : [number("customers", "Customers")]),
      ...(by === "tenant" ? [] : [number("tenants", "Tenants")]),
      number("duplicates", "Duplicates"),
      number("conflicts", "Conflicts"),
      number("late", "Late"),
    ];
  };

  return (
    <section class="card">
      <div class="head">
        <h2>{title}</h2>
        <input
          type="search"
          aria-label={`Search ${title}`}
          placeholder={`${head} contains …`}
          value={search}
          onInput={(e) => setSearch(e.currentTarget.value)}
        />
        <DownloadLinks of="usage" query={{ ...query, by: "hour" }} />
      </div>
      <Shown of={answered} lines={6}>
        {(totals) =>
          totals.total === 0 ? (
            <p class="quiet">{search === "" ? "No usage in this period." : "Nothing matches."}</p>
          ) : (
            <>
              <DataTable
                label={`${title} by ${by}`}
                columns={columnsOf(totals)}
                rows={totals.rows}
                keyOf={({ id }) => id}
                sort={sort}
                onSort={setSort}
              />
              <Pages offset={offset} size={SIZE} total={totals.total} onMove={setOffset} />
            </>
          )
        }
      </Shown>
    </section>
  );
};
