import type { LoggedEvent } from "../../src/store/log-query.ts";

/** The state of an event as a coloured word. */
export const StateBadge = ({ state, late }: Pick<LoggedEvent, "state" | "late">) => (
  <>
    <span class={`badge ${state}`}>{state}</span>
    {late && <span class="badge late">late</span>}
  </>
);
