// The process whose calls are timed: NAME URL EVENTS EVENTS-PER-SECOND.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { endWithParent, tellParent } from "../harness/parent.ts";
import { quantile } from "../harness/statistics.ts";
import type { Load } from "../throughput/contestant.ts";
import { contestantNamed } from "../throughput/contestants/index.ts";

const RUN = 100;
/** A turn that is late makes up so many calls and no more: a longer stall would be the measure's own. */
const MOST_PER_TURN = 1_000;
const NOTHING: Load = { send: () => {}, flush: async () => {}, close: async () => {} };

const [name = "", url = "", events = "0", perSecond = "0"] = process.argv.slice(2);
const load = name === "nothing" ? NOTHING : await contestantNamed(name).prepare(url);
endWithParent();

/** Calls at an even pace, as many at each turn as are due; `call` makes so many. */
const paced = async (call: (from: number, count: number) => void, from: number): Promise<number> => {
  const startedAt = performance.now();
  const total = Number(events);
  let last = startedAt;
  for (let made = 0; made < total; ) {
    await setTimeout(1);
    const now = performance.now();
    const due = Math.ceil(((now - last) * Number(perSecond)) / 1_000);
    last = now;
    const count = Math.min(due, total - made, MOST_PER_TURN);
    call(from + made, count);
    made += count;
  }
  return (total / (performance.now() - startedAt)) * 1_000;
};

const runs: number[] = [];
const inRuns = (from: number, count: number): void => {
  for (let made = 0; made < count; made += RUN) {
    const size = Math.min(RUN, count - made);
    const startedAt = performance.now();
    for (let index = 0; index < size; index++) void load.send(from + made + index);
    if (size === RUN) runs.push(((performance.now() - startedAt) * 1_000) / RUN);
  }
};

const calls = new Float64Array(Number(events));
let timed = 0;
const oneByOne = (from: number, count: number): void => {
  for (let index = 0; index < count; index++) {
    const startedAt = performance.now();
    void load.send(from + index);
    calls[timed++] = (performance.now() - startedAt) * 1_000;
  }
};

await paced(inRuns, 0);
// What the first phase has in the warm-up is not what a service sees for days.
runs.splice(0, runs.length / 4);
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const reached = await paced(oneByOne, Number(events));
loop.disable();
const each = [...calls];
await tellParent({
  perSecond: reached,
  p50: quantile(runs, 0.5),
  p99: quantile(each, 0.99),
  p999: quantile(each, 0.999),
  max: quantile(each, 1),
  stallMs: loop.max / 1e6,
});
// What is queued need not be delivered.
process.exit();
