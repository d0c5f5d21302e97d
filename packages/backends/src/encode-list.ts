import { describeIssue, type EventIssue, type OutgoingEvent } from "@meter-lib/core/transport";
import type { Part } from "@meter-lib/transport-fetch/dialect";

export interface ListFormat {
  /** Returns what the backend cannot accept of an event. */
  readonly issueOf: (event: OutgoingEvent) => EventIssue | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyOf: (events: readonly OutgoingEvent[]) => string;
}

/** Returns one request for each run of events that the backend accepts; the others are rejected on the way. */
export const encodeList = function* (
  events: readonly OutgoingEvent[],
  { issueOf, headers, bodyOf }: ListFormat,
): Iterable<Part> {
  let run: OutgoingEvent[] = [];
  const request = (): Part => ({ events: run.length, headers, body: bodyOf(run) });
  for (const event of events) {
    const issue = issueOf(event);
    if (issue === undefined) {
      run.push(event);
      continue;
    }
    if (run.length > 0) yield request();
    run = [];
    yield { rejected: { state: "rejected", reason: describeIssue(issue) } };
  }
  if (run.length > 0) yield request();
};
