import { numberText } from "./number-text.ts";

/** Which part of many rows is shown, and the way to the others. */
export const Pages = ({
  offset,
  size,
  total,
  onMove,
}: {
  readonly offset: number;
  readonly size: number;
  readonly total: number;
  readonly onMove: (offset: number) => void;
}) =>
  total <= size && offset === 0 ? null : (
    <nav class="buttons pages" aria-label="Pages">
      <button type="button" disabled={offset === 0} onClick={() => onMove(Math.max(0, offset - size))}>
        ← Previous
      </button>
      <span role="status">
        {offset < total ? `${numberText(offset + 1)}–${numberText(Math.min(total, offset + size))}` : "None"}{" "}
        of {numberText(total)}
      </span>
      <button type="button" disabled={offset + size >= total} onClick={() => onMove(offset + size)}>
        Next →
      </button>
    </nav>
  );
