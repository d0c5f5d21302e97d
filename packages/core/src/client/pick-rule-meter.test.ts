import { expect, test } from "vitest";
import { litewaveCatalog, pickRuleMeter } from "../index.ts";

const minutes = (count: number) => count * 60_000;

test.each([
  [0, "rule.executed.small"],
  [minutes(1) - 1, "rule.executed.small"],
  [minutes(1), "rule.executed.medium"],
  [minutes(3), "rule.executed.medium"],
  [minutes(4) + 1, "rule.executed.large"],
])("a run of %d ms is metered as %s", (durationMs, meter_id) => {
  for (const threeToFourMinutes of ["rule.executed.medium", "rule.executed.large"] as const) {
    expect(pickRuleMeter(durationMs, { threeToFourMinutes })).toBe(meter_id);
    expect(Object.hasOwn(litewaveCatalog, meter_id)).toBe(true);
  }
});

test.each([minutes(3) + 1, minutes(3.5), minutes(4)])(
  "the gap of the guide is the caller's to decide: %d ms",
  (durationMs) => {
    expect(pickRuleMeter(durationMs, { threeToFourMinutes: "rule.executed.medium" })).toBe(
      "rule.executed.medium",
    );
    expect(pickRuleMeter(durationMs, { threeToFourMinutes: "rule.executed.large" })).toBe(
      "rule.executed.large",
    );
  },
);

test.each([-1, Number.NaN])("%d is no duration", (durationMs) => {
  expect(() => pickRuleMeter(durationMs, { threeToFourMinutes: "rule.executed.large" })).toThrow(
    "durationMs: expected milliseconds, at least 0",
  );
});
