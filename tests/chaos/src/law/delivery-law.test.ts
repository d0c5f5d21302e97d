import type { Outbox } from "@meter-lib/core";
import { MayHaveCommitted } from "@meter-lib/core/store";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wrapOutbox } from "../../../../packages/core/test/wrap-outbox.ts";
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

test("so does a durable outbox, which is committed in groups", { timeout: 300_000 }, async () => {
  const breakOutbox = (inner: Outbox) => wrapOutbox(inner, { name: "durable", durable: true });
  const details = await checkDeliveryLaw({ dedup: true, breakOutbox, numRuns: 40 });
  expect(details.failed ? fc.defaultReportMessage(details) : "").toBe("");
});

describe("and so does an outbox that fails at times", () => {
  test.each<[string, Failing]>([
    ["before it has stored anything", async () => fails()],
    ["after it has stored everything, unnoticed", async (commit) => commit().then(unnoticed)],
    ["nobody knows whether before or after", async () => unnoticed()],
  ])("%s", { timeout: 300_000 }, async (_, failing) => {
    // Where nobody drops repeats, an id that is given while the outbox fails is refused.
    const breakOutbox = (inner: Outbox) => unsteady(inner, failing);
    const details = await checkDeliveryLaw({ dedup: true, isUnsteady: true, breakOutbox, numRuns: 40 });
    expect(details.failed ? fc.defaultReportMessage(details) : "").toBe("");
  });
});

type Failing = (commit: () => Promise<unknown>) => Promise<never>;

const fails = (): never => {
  throw new Error("the disk is full");
};
const unnoticed = (): never => {
  throw new MayHaveCommitted("the answer was lost");
};

/** Every fifth and every seventh commit fails. */
const unsteady = (inner: Outbox, failing: Failing): Outbox => {
  let commits = 0;
  return wrapOutbox(inner, {
    name: "unsteady",
    durable: true,
    commit: (changes) => {
      commits++;
      const commit = async () => inner.commit(changes);
      return commits % 5 === 0 || commits % 7 === 0 ? failing(commit) : commit();
    },
  });
};

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
