import type { ComponentChildren } from "preact";
import { usePlace } from "./place.ts";
import { timeText } from "./time-text.ts";
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
      <strong>Unknown.</strong> {error}
    </p>
    <button type="button" onClick={retry}>
      Try again
    </button>
  </div>
);

/** Shows an answer once there is one, and says how old it is where there is no newer one; until then that it is loading, or not known. */
export const Shown = <Answer,>({
  of,
  lines,
  children,
}: {
  readonly of: Answered<Answer>;
  readonly lines?: number;
  readonly children: (data: Answer) => ComponentChildren;
}) => {
  const { zone } = usePlace();
  if (of.state === "loading") return <Skeleton {...(lines === undefined ? {} : { lines })} />;
  if (of.state === "unknown") return <Unknown error={of.error} retry={of.refresh} />;
  return (
    <div class="answer" aria-busy={of.busy}>
      {of.error !== undefined && (
        <p class="old">
          As of {timeText(of.at, zone)}. {of.error}
        </p>
      )}
      {children(of.data)}
    </div>
  );
};
