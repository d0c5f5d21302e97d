import { describe, expect, test } from "vitest";
import { type Circumstances, type Finding, landing, leaving } from "./fates.ts";

const FINDINGS: readonly Finding[] = [
  "acknowledged",
  "retry",
  "rejected",
  "unsure",
  "unavailable",
  "blocked",
  "too_large",
  "invalid",
];
const BOTH = [true, false] as const;

/** Every circumstance that there is. */
const CIRCUMSTANCES: readonly Circumstances[] = BOTH.flatMap((inDoubt) =>
  BOTH.flatMap((mayResend) => BOTH.map((isAlone) => ({ inDoubt, mayResend, isAlone }))),
);

const LANDINGS = FINDINGS.flatMap((finding) =>
  CIRCUMSTANCES.map((before) => ({ finding, ...before, next: landing(finding, before) })),
);

/** Whether the attempt itself may have counted the event. */
const mayHaveCounted = (finding: Finding): boolean => finding === "acknowledged" || finding === "unsure";
/** Whether the receiver will never take the event, as far as one can know. */
const isRefused = ({ finding, isAlone }: { readonly finding: Finding; readonly isAlone: boolean }): boolean =>
  finding === "rejected" || (isAlone && (finding === "too_large" || finding === "invalid"));

type Landing = (typeof LANDINGS)[number];

describe("whatever an attempt finds", () => {
  test.each<[string, (landing: Landing) => boolean]>([
    ["an event has landed: it is in flight no more", ({ next }) => next.fate !== "inflight"],
    [
      "it is acknowledged exactly when the receiver says so",
      ({ finding, next }) => (next.fate === "acknowledged") === (finding === "acknowledged"),
    ],
    [
      "nothing certain is quarantined",
      ({ finding, inDoubt, next }) => inDoubt || mayHaveCounted(finding) || next.fate !== "quarantined",
    ],
    [
      "nothing that may have been counted is a dead letter",
      ({ finding, inDoubt, next }) => !(inDoubt || mayHaveCounted(finding)) || next.fate !== "rejected",
    ],
    [
      "doubt ends with an acknowledgement only",
      ({ inDoubt, next }) => !inDoubt || next.inDoubt || next.fate === "acknowledged",
    ],
    [
      "doubt comes from an unsure attempt only",
      ({ finding, inDoubt, next }) => inDoubt || !next.inDoubt || finding === "unsure",
    ],
    ["what is quarantined is in doubt", ({ next }) => next.fate !== "quarantined" || next.inDoubt],
    [
      "an unsure attempt leaves doubt, and what waits with it may be sent again",
      ({ finding, mayResend, next }) =>
        finding !== "unsure" || (next.inDoubt && (next.fate === "pending") === mayResend),
    ],
    [
      "it ends when it is refused for itself, and then only",
      (landing) =>
        mayHaveCounted(landing.finding) || (landing.next.fate !== "pending") === isRefused(landing),
    ],
    [
      "company protects: what a whole batch is refused for ends nothing but an event that was alone",
      ({ finding, isAlone, next }) =>
        isAlone || !(finding === "too_large" || finding === "invalid") || next.fate === "pending",
    ],
    [
      "whether it may be sent again matters after an unsure attempt only",
      ({ finding, mayResend, next, ...before }) =>
        finding === "unsure" ||
        JSON.stringify(landing(finding, { ...before, mayResend: !mayResend })) === JSON.stringify(next),
    ],
  ])("%s", (_, holds) => {
    expect(LANDINGS.filter((landing) => !holds(landing))).toEqual([]);
  });
});

test("what is pending leaves, but for what is in doubt and may not be sent again; doubt goes along", () => {
  for (const { inDoubt, mayResend } of CIRCUMSTANCES) {
    const next = leaving({ inDoubt, mayResend });
    expect(next.inDoubt, "doubt").toBe(inDoubt);
    expect(next.fate).toBe(inDoubt && !mayResend ? "quarantined" : "inflight");
  }
});

test("where nobody deduplicates, what leaves again was certainly not counted", () => {
  for (const finding of FINDINGS)
    for (const isAlone of BOTH) {
      const landed = landing(finding, { inDoubt: false, mayResend: false, isAlone });
      if (landed.fate === "pending")
        expect(leaving({ ...landed, mayResend: false }), finding).toEqual({
          fate: "inflight",
          inDoubt: false,
        });
    }
});
