import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  deletesBeforeAcknowledgement,
  dropsEvents,
  makesNewIds,
  resendsTheUnsure,
  skipsACounter,
} from "../broken/broken-variants.ts";
import { checkDeliveryLaw } from "./delivery-law.ts";

describe("every sequence of uses and faults keeps the law", () => {
  test.each([true, false])("receiver with dedup: %s", { timeout: 300_000 }, async (dedup) => {
    const details = await checkDeliveryLaw({ dedup, numRuns: 200 });
    expect(details.failed ? fc.defaultReportMessage(details) : "").toBe("");
  });
});

describe("an engine that is broken breaks it", () => {
  test.each([
    [
      "deletes before the acknowledgement",
      { dedup: true, breakOutbox: deletesBeforeAcknowledgement },
      /counted/,
    ],
    ["drops events", { dedup: true, breakOutbox: dropsEvents }, /recorded: expected 6 to be 7/],
    ["skips a counter", { dedup: false, breakOutbox: skipsACounter }, /do not balance/],
    [
      "makes a new id for each attempt",
      { dedup: true, breakTransport: makesNewIds },
      /counted and never issued/,
    ],
    ["sends the unsure again", { dedup: false, breakTransport: resendsTheUnsure }, /is counted: expected 2/],
  ])("one that %s", { timeout: 300_000 }, async (_, broken, reason) => {
    const details = await checkDeliveryLaw({ ...broken, numRuns: 200 });
    expect(details.failed).toBe(true);
    expect(String(details.errorInstance)).toMatch(reason);
  });
});
