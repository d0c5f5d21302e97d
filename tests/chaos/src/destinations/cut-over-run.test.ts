import { expect, test } from "vitest";
import { cutOverRun } from "./cut-over-run.ts";

test("a cut-over in a process that is killed: each event is counted by one of both, and once", async () => {
  const { expected, counted } = await cutOverRun(400, 1);
  expect(counted).toEqual(expected);
});
