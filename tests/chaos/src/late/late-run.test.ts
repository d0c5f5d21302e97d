import { expect, test } from "vitest";
import "@meter-lib/testing/matchers";
import { lateRun } from "./late-run.ts";

test("late rejections are found, taken back by webhook, and reconciled to zero drift", async () => {
  const { found, reconciled, settled, stats } = await lateRun({ events: 20_000, rejected: 200 });
  expect(found).toMatchObject({ agrees: false, by: "ids", compared: 24, drifting: 24 });
  expect(found.differences.flatMap(({ missing }) => missing)).toHaveLength(200);
  expect(reconciled).toMatchObject({ agrees: false, drifting: 0 });
  expect(reconciled.differences.flatMap(({ undelivered }) => undelivered)).toHaveLength(200);
  expect(settled).toMatchObject({ agrees: true, drifting: 0 });
  expect(stats).toBalance();
  expect(stats).toMatchObject({ recorded: 20_000, acknowledged: 19_800, refuted: 200, discarded: 200 });
});
