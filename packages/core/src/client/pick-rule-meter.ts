import { describeValue } from "../check/event-issue.ts";
import { MeterError } from "../errors/meter-error.ts";

/** The meters of a rule execution, by duration. */
export type RuleMeterId = "rule.executed.small" | "rule.executed.medium" | "rule.executed.large";

export interface PickRuleMeterOptions {
  /**
   * The meter for more than 3 and up to 4 minutes. The guide defines `medium` as "between 1 and 3 minutes" and `large` as "greater than
   * 4 minutes", so it assigns this time to neither. Choose what your contract says.
   */
  readonly threeToFourMinutes: "rule.executed.medium" | "rule.executed.large";
}

const MINUTE_MS = 60_000;

/**
 * Returns the `rule.executed.*` meter for a run of `durationMs`: small below 1 minute, medium from 1 to 3, large above 4, and in between
 * the meter that the caller chose.
 *
 * @throws MeterError `invalid_event` if the duration is not a number ≥ 0
 *
 * @example
 * ```ts
 * const meter_id = pickRuleMeter(durationMs, { threeToFourMinutes: "rule.executed.medium" });
 * client.record({ tenant_id, meter_id, total_usage: 1 });
 * ```
 */
export const pickRuleMeter = (
  durationMs: number,
  { threeToFourMinutes }: PickRuleMeterOptions,
): RuleMeterId => {
  if (!(durationMs >= 0)) {
    throw MeterError.fromIssues("invalid_event", [
      { field: "durationMs", given: describeValue(durationMs), expected: "milliseconds, at least 0" },
    ]);
  }
  if (durationMs < MINUTE_MS) return "rule.executed.small";
  if (durationMs <= 3 * MINUTE_MS) return "rule.executed.medium";
  return durationMs > 4 * MINUTE_MS ? "rule.executed.large" : threeToFourMinutes;
};
