import type { PageEvent } from "@meter-lib/core/wire";
import { pageEventId } from "../event/page-event-id.ts";

/** An open session. The ids of both boundaries are fixed at its start, so that whoever ends it uses the same ones. */
export interface SessionRow {
  readonly start: PageEvent;
  readonly end_event_id: string;
  /** The pages that are in it. */
  readonly pages: Set<string>;
}

/** A page that is in a session. */
export interface PageRow {
  readonly producer: string;
  readonly seen_at: number;
}

export const newSession = (start: PageEvent): SessionRow => ({
  start,
  // So that it sorts after the start.
  end_event_id: pageEventId(Date.now() + 1),
  pages: new Set(),
});

export const begunAnew = ({ start }: SessionRow, now: number): SessionRow =>
  newSession({
    ...start,
    event_id: pageEventId(now),
    session_id: pageEventId(now),
    event_time: now,
    start_time: now,
  });

export const endOf = ({ start, end_event_id }: SessionRow, at: number): PageEvent => {
  const end_time = Math.max(start.event_time, at);
  return { ...start, event_id: end_event_id, event_time: end_time, start_time: undefined, end_time };
};
