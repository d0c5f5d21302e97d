/** The long form of `cut-over-run.test.ts`. Ends with 1 when an event is counted by both backends, by neither, or twice. */
import { parseArgs } from "node:util";
import { cutOverRun } from "./cut-over-run.ts";

const { values } = parseArgs({
  options: { events: { type: "string", default: "20000" }, kills: { type: "string", default: "20" } },
});
const started = performance.now();
const { expected, counted } = await cutOverRun(Number(values.events), Number(values.kills));
for (const [index, name] of ["before", "after"].entries()) {
  const [meant, found] = [expected[index], counted[index]];
  console.log(`${name}: ${meant?.events} events meant, ${found?.events} counted`);
}
console.log(`${values.kills} kills, in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
if (JSON.stringify(expected) !== JSON.stringify(counted)) process.exitCode = 1;
