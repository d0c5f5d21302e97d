import { expect, test } from "vitest";
import { type BillingFaults, billingRun } from "./billing-run.ts";
import { CUTS } from "./cutting-proxy.ts";

const QUIET: BillingFaults = {
  writers: 2,
  events: 0,
  writerKills: 0,
  serverKills: 0,
  cuts: 0,
  failover: false,
};

// They wait for processes most of the time.
test.concurrent.each<readonly [string, BillingFaults]>([
  [
    "writers and server are killed, connections cut",
    { ...QUIET, events: 400, writerKills: 6, serverKills: 2, cuts: 30 },
  ],
  ["the server is lost, and its standby promoted", { ...QUIET, events: 200, failover: true }],
])("%s: every committed order is billed once, and no other", async (_, faults) => {
  const verdict = await billingRun(faults);
  expect(verdict).toMatchObject({ lost: [], unfounded: [], accounts: { pending: 0 } });
  expect(verdict.accounts.recorded).toBe(verdict.events);
  expect(verdict.accounts.acknowledged).toBe(verdict.events);
  expect(verdict.events).toBeGreaterThanOrEqual(faults.events);
  if (faults.failover) expect(verdict.refusedByStandby).toContain("connect to the primary, not to a replica");
  if (faults.cuts > 0) for (const cut of CUTS) expect(verdict.cuts[cut], cut).toBeGreaterThan(0);
});
