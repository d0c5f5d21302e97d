import type { ComponentChildren } from "preact";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import { baseUrl } from "./base-url.ts";
import { SendEvent } from "./send-event.tsx";
import { useAnswer } from "./use-answer.ts";

/** What stands where usage would be: how to send a first event, or that other times have some. Takes the choice of the time. */
export const NoUsage = ({ children }: { readonly children: ComponentChildren }) => {
  const { data } = useAnswer<{ events: readonly LoggedEvent[] }>(
    "sandbox/v1/events?state=accepted&limit=1&brief=true",
  );
  if (data === undefined) return <h1>Usage</h1>;
  if (data.events.length > 0) {
    return (
      <>
        <h1>Usage</h1>
        <div class="fields">{children}</div>
        <p>No usage in this time; at other times there is some.</p>
      </>
    );
  }
  return (
    <>
      <h1>Nothing has been counted yet</h1>
      <p>
        This backend runs at <code>{baseUrl()}</code> and waits for its first event. Send one:
      </p>
      <SendEvent />
    </>
  );
};
