import { expect, test } from "vitest";
import "@meter-lib/testing/matchers";
import { correctionRun } from "./correction-run.ts";

test("a process that is killed while it corrects leaves the last revision of each event counted once", async () => {
  const { expected, counted, reconciliation, stats, kills } = await correctionRun({
    operations: 60,
    kills: 1,
    seed: 1,
  });
  expect(kills).toBe(1);
  expect(counted).toEqual(expected);
  expect(reconciliation).toMatchObject({ agrees: true, differences: [] });
  expect(stats).toBalance();
  expect(stats).toMatchObject({ pending: 0, rejected: 0, quarantined: 0 });
});
