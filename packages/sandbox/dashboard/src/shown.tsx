import type { ComponentChildren } from "preact";
import type { Answered } from "./use-answer.ts";

/** Lines where something will stand; they appear only when it takes long enough to be noticed. */
export const Skeleton = ({ lines = 3 }: { readonly lines?: number }) => (
  <div class="skeleton" role="status">
    <span class="unseen">Loading …</span>
    {Array.from({ length: lines }, (_, line) => (
      <span key={line} class="line" />
    ))}
  </div>
);

/** Says that something is not known, and why; not that there is nothing. */
export const Unknown = ({ error, retry }: { readonly error: string; readonly retry: () => void }) => (
  <div class="unknown" role="alert">
    <p>
      <strong>Unknown.</strong> The sandbox did not respond: {error}
    </p>
    <button type="button" onClick={retry}>
      Try again
    </button>
  </div>
);

/** Shows an answer once there is one; until then that it is loading, or that it is not known. */
export const Shown = <Answer,>({
  of,
  lines,
  children,
}: {
  readonly of: Answered<Answer>;
  readonly lines?: number;
  readonly children: (data: Answer) => ComponentChildren;
}) => {
  if (of.state === "loading") return <Skeleton {...(lines === undefined ? {} : { lines })} />;
  if (of.state === "unknown") return <Unknown error={of.error} retry={of.refresh} />;
  return <>{children(of.data)}</>;
};
