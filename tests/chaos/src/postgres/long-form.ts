/** The long form of `billing-run.postgres.test.ts`: 100 kills of writers, 100 of the server, 200,000 events, and a failover. */
import { parseArgs } from "node:util";
import { billingRun } from "./billing-run.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "200000" },
    kills: { type: "string", default: "100" },
  },
});

const started = Date.now();
const verdict = await billingRun({
  writers: 4,
  events: Number(values.events),
  writerKills: Number(values.kills),
  serverKills: Number(values.kills),
  cuts: 4 * Number(values.kills),
  failover: true,
});
const { orders, events, writerKills, serverKills, cuts, lost, unfounded, repeats, accounts } = verdict;
console.log(
  `committed: ${orders} orders, ${events} events; recorded ${accounts.recorded}, acknowledged ${accounts.acknowledged}, pending ${accounts.pending}`,
);
console.log(`killed: ${writerKills} writers, the server ${serverKills} times; a standby promoted`);
console.log(
  `cut: ${Object.entries(cuts)
    .map(([cut, times]) => `${times} ${cut}`)
    .join(", ")}`,
);
console.log(
  `lost ${lost.length}, billed without an order ${unfounded.length}; ${repeats} repeats, dropped by the receiver`,
);
console.log(`${Math.round((Date.now() - started) / 1000)} s`);
const isGood =
  lost.length === 0 &&
  unfounded.length === 0 &&
  accounts.recorded === events &&
  accounts.acknowledged === events;
console.log(isGood ? "Every committed order is billed once, and no other." : "FAILED");
process.exitCode = isGood ? 0 : 1;
