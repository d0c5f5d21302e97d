import { describeIssue, describeValue, type Promisable } from "@meter-lib/core/transport";
import { expectedTime, isTime, type PageEvent, type PageEventResult } from "@meter-lib/core/wire";
import type { Principal } from "../access/authenticate.ts";
import type { PolicyCheck } from "../access/policy.ts";
import { rejected, retry } from "./event-result.ts";

/** Why an event is not handed on; undefined if it is. */
export type Verdict = PageEventResult | undefined;

/** Judges an event whose times are by the relay's clock. Neither throws nor rejects. */
export type JudgeEvent = (event: PageEvent, principal: Principal, now: number) => Promisable<Verdict>;

const RETRY_MS = 60_000;

/** Checks the credentials, then the policy. If the policy fails, the event is not rejected: the page may retry it. */
export const judgeEvent =
  (policy: PolicyCheck, onError: (error: unknown) => void): JudgeEvent =>
  (event, principal, now) => {
    const { event_id, meter_id } = event;
    if (principal.meters?.includes(meter_id) === false)
      return rejected(event_id, "meter_id: this meter is outside of what the credentials may report");
    const issue = unitIssue(event);
    if (issue !== undefined) return rejected(event_id, issue);
    const failed = (error: unknown): Verdict => {
      onError(error);
      return notJudged(event_id);
    };
    const verdict = (reason: unknown): Verdict => {
      if (reason === undefined) return undefined;
      if (typeof reason === "string") return rejected(event_id, reason);
      return failed(new TypeError(`policy: expected a reason or undefined, got ${describeValue(reason)}`));
    };
    try {
      const reason = policy(event, principal, now);
      return typeof reason === "object" ? Promise.resolve(reason).then(verdict, failed) : verdict(reason);
    } catch (error) {
      return failed(error);
    }
  };

/** Returns why the event's times cannot be in milliseconds, or undefined. */
const unitIssue = ({ event_time, start_time, end_time }: PageEvent): string | undefined => {
  if (isTime(event_time) && isTimeOrNone(start_time) && isTimeOrNone(end_time)) return undefined;
  for (const [field, time] of Object.entries({ event_time, start_time, end_time }))
    if (!isTimeOrNone(time))
      return describeIssue({ field, given: String(time), expected: expectedTime(time) });
  return undefined;
};

const isTimeOrNone = (time: number | undefined): boolean => time === undefined || isTime(time);

/** The result of an event that the policy has not judged. */
export const notJudged = (event_id: string): PageEventResult =>
  retry(event_id, "it could not be judged", RETRY_MS);
