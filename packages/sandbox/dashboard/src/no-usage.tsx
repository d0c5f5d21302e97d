import { eventsShape } from "./answer-shapes.ts";
import { withQuery } from "./ask.ts";
import { baseUrl } from "./base-url.ts";
import { RangeChoice } from "./range-choice.tsx";
import type { Scope } from "./scope.ts";
import { SendEvent } from "./send-event.tsx";
import { Shown } from "./shown.tsx";
import { useAnswer } from "./use-answer.ts";

/** What stands where usage would be: how to send a first event, or that other times have some. */
export const NoUsage = ({ scope }: { readonly scope: Scope }) => {
  const counted = useAnswer(
    withQuery("sandbox/v1/events", { ...scope, state: "accepted", limit: 1, brief: "true" }),
    eventsShape,
  );
  return (
    <Shown of={counted}>
      {({ events }) =>
        events.length > 0 ? (
          <>
            <div class="fields">
              <RangeChoice />
            </div>
            <p>No usage in this period. Other periods have usage.</p>
          </>
        ) : Object.keys(scope).length > 0 ? (
          <p>Nothing has been counted here yet.</p>
        ) : (
          <>
            <h2>Nothing has been counted yet</h2>
            <p>
              This backend runs at <code>{baseUrl()}</code> and waits for its first event. Send one:
            </p>
            <SendEvent />
          </>
        )
      }
    </Shown>
  );
};
