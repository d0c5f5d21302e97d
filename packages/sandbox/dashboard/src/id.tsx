import { useEffect, useState } from "preact/hooks";
import { usePlace } from "./place.ts";

/** What an id is of; each kind has a page. */
export type IdKind = "customers" | "tenants" | "meters";

const DONE_MS = 1500;

/** Copies a text. In tables it takes no step of the keyboard: the page that the id leads to has one that does. */
export const CopyButton = ({
  text,
  inTable = false,
}: {
  readonly text: string;
  readonly inTable?: boolean;
}) => {
  const [done, setDone] = useState(false);
  useEffect(() => {
    const timer = done ? setTimeout(() => setDone(false), DONE_MS) : undefined;
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <button
      type="button"
      class="copy"
      tabIndex={inTable ? -1 : 0}
      aria-label={done ? "Copied" : `Copy ${text}`}
      title={done ? "Copied" : "Copy"}
      onClick={() => void navigator.clipboard?.writeText(text).then(() => setDone(true))}
    >
      <svg viewBox="0 0 16 16" width="13" height="13" aria-hidden="true">
        <path
          fill="none"
          stroke="currentColor"
          stroke-width="1.5"
          d={done ? "M2.5 8.5l3.5 3.5 7.5-8" : "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"}
        />
      </svg>
    </button>
  );
};

/** An id that leads to its page. */
export const Id = ({ kind, id }: { readonly kind: IdKind; readonly id: string | null }) => {
  const { linkTo } = usePlace();
  if (id === null) return <>–</>;
  return (
    <span class="id-link">
      <a class="id" href={linkTo([kind, id])} title={id}>
        {id}
      </a>
      <CopyButton text={id} inTable />
    </span>
  );
};

/** An id without a page, to copy. */
export const PlainId = ({ id }: { readonly id: string | null }) =>
  id === null ? (
    <>–</>
  ) : (
    <span class="id-link">
      <span class="id" title={id}>
        {id}
      </span>
      <CopyButton text={id} inTable />
    </span>
  );
