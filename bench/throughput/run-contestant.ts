// The process that runs one contestant: NAME URL WARM-UP EVENTS. It goes on when it is told to, twice: to run, and to say what that cost.
import { preciseNow } from "../harness/clock.ts";
import { endWithParent, nextOrder, tellParent } from "../harness/parent.ts";
import type { Load, ProcessCost } from "./contestant.ts";
import { contestantNamed } from "./contestants/index.ts";
import { runLoad } from "./run-load.ts";

const costOf = (load: Load): ProcessCost => {
  if (load.cost !== undefined) return load.cost();
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
};

const [name = "", url = "", warmUp = "0", events = "0"] = process.argv.slice(2);
const load = await contestantNamed(name).prepare(url);
endWithParent();
await runLoad(load, 0, Number(warmUp));
await tellParent({ warm: true });
await nextOrder();
const before = costOf(load);
const startedAt = preciseNow();
await runLoad(load, Number(warmUp), Number(events));
await tellParent({ startedAt });
await nextOrder();
const { cpuMicros, peakRssBytes } = costOf(load);
await tellParent({ cpuMicros: cpuMicros - before.cpuMicros, peakRssBytes });
await load.close();
process.disconnect();
