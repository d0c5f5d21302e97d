import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A column of a table: its head, and what stands in it. */
export interface Column<Row> {
  readonly head: string;
  /** Read out and not seen: of buttons. */
  readonly unseen?: boolean;
  /** To the right, with digits below each other. */
  readonly number?: boolean;
  /** How rows are sorted by it. */
  readonly sort?: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** In the row of sums. */
  readonly sum?: ComponentChildren;
}

/** By what rows are sorted. */
export interface Sort {
  readonly by: string;
  readonly descending: boolean;
}

const HeadCell = <Row,>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
}) => {
  const { head, unseen, number, sort: by } = column;
  const sorted = by !== undefined && sort?.by === by ? sort : undefined;
  const order = sorted === undefined ? undefined : sorted.descending ? "descending" : "ascending";
  return (
    <th scope="col" role="columnheader" class={number ? "number" : undefined} aria-sort={order}>
      {by !== undefined && onSort !== undefined ? (
        <button
          type="button"
          class="sort"
          // Numbers from the largest first, names from the first.
          onClick={() =>
            onSort({ by, descending: sorted === undefined ? number === true : !sorted.descending })
          }
        >
          {head}
          <span aria-hidden="true">{order === undefined ? "" : sorted?.descending ? " ↓" : " ↑"}</span>
        </button>
      ) : (
        <span class={unseen ? "unseen" : undefined}>{head}</span>
      )}
    </th>
  );
};

/** Takes the focus where the row that had it goes, so that the keyboard need not begin at the top of the page. */
const useKeptFocus = (): RefObject<HTMLElement | null> => {
  const region = useRef<HTMLElement>(null);
  const had = region.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (had && document.activeElement === document.body) region.current?.focus();
  });
  return region;
};

/**
 * A table of rows. It may be wider than the screen: then its first column stays, its edge shows that more is there, and it
 * takes the focus to be scrolled by keyboard. On a narrow screen each row is a card; the roles say that it is a table still.
 */
export const DataTable = <Row,>({
  label,
  columns,
  rows,
  keyOf,
  sort,
  onSort,
}: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly sort?: Sort;
  readonly onSort?: (sort: Sort) => void;
}) => {
  const region = useKeptFocus();
  return (
    <section ref={region} class="scroll" tabIndex={0} aria-label={label}>
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <HeadCell key={column.head} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row">
              {columns.map(({ head, unseen, number, cell }) => (
                <td
                  key={head}
                  role="cell"
                  class={number ? "number" : undefined}
                  data-head={unseen ? undefined : head}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {columns.some(({ sum }) => sum !== undefined) && (
          <tfoot role="rowgroup">
            <tr role="row">
              {columns.map(({ head, number, sum }) => (
                <td key={head} role="cell" class={number ? "number" : undefined} data-head={head}>
                  {sum}
                </td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </section>
  );
};
