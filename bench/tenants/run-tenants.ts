// The process that records for many tenants: OUTBOX TENANTS URL EVENTS.
import { endWithParent, tellParent } from "../harness/parent.ts";
import { recording } from "../throughput/contestants/meter-lib.ts";
import { runLoad } from "../throughput/run-load.ts";

const WARM_UP = 20_000;

const [outbox = "", tenants = "1", url = "", events = "0"] = process.argv.slice(2);
const load = recording(
  url,
  { dialect: "kafka-rest", outbox: outbox === "SQLite" ? "SQLite" : "memory" },
  Number(tenants),
);
endWithParent();

const cpuMicrosOf = async (from: number, count: number): Promise<number> => {
  const before = process.cpuUsage();
  await runLoad(load, from, count);
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

const firstCpuMicros = await cpuMicrosOf(0, Number(tenants));
await cpuMicrosOf(Number(tenants), WARM_UP);
const cpuMicros = await cpuMicrosOf(Number(tenants) + WARM_UP, Number(events));
await tellParent({ cpuMicros, firstCpuMicros });
await load.close();
process.exit();
