import type { ComponentChildren } from "preact";

/** The head of a column: of text, of numbers, or one that is read out and not seen. */
type Head = string | { readonly number: string } | { readonly unseen: string };

const HeadCell = ({ head }: { readonly head: Head }) => {
  if (typeof head === "string") return <th scope="col">{head}</th>;
  return "number" in head ? (
    <th scope="col" class="number">
      {head.number}
    </th>
  ) : (
    <th scope="col">
      <span class="unseen">{head.unseen}</span>
    </th>
  );
};

/** A table of the rows that it is given. It may be wider than the screen, so it takes the focus and scrolls by keyboard. */
export const DataTable = ({
  label,
  heads,
  children,
}: {
  readonly label: string;
  readonly heads: readonly Head[];
  readonly children: ComponentChildren;
}) => (
  <section class="scroll" tabIndex={0} aria-label={label}>
    <table>
      <thead>
        <tr>
          {heads.map((head, place) => (
            <HeadCell key={place} head={head} />
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </section>
);
