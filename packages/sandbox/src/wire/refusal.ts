import type { EventIssue } from "@meter-lib/core";
import { describeIssue } from "@meter-lib/core/transport";

/** A refused request: none of it is counted. */
export interface Refusal {
  /** HTTP status of the response. */
  readonly status: number;
  /** In words, for people. */
  readonly reason: string;
  /** The invalid fields, if any. */
  readonly issues: readonly EventIssue[];
}

/** A request refused as a whole. */
export const refuse = (status: number, reason: string): Refusal => ({ status, reason, issues: [] });

/** A request refused because of a field: 422. */
export const refuseField = (issue: EventIssue): Refusal => ({
  status: 422,
  reason: describeIssue(issue),
  issues: [issue],
});
