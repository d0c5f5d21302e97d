// The process whose CPU is read: OUTBOX, URL of the sink, EVENTS.
import { setTimeout } from "node:timers/promises";
import { tellParent } from "../harness/parent.ts";
import { recording } from "../throughput/contestants/meter-lib.ts";

const [, , outbox, url = "", events = "0"] = process.argv;
const WARM_UP = 1_000;

const load = recording(url, { dialect: "kafka-rest", outbox: outbox === "SQLite" ? "SQLite" : "memory" });
for (let i = 0; i < WARM_UP; i++) await load.send(i);
await load.flush();

const began = process.hrtime.bigint();
const before = process.cpuUsage();
for (let i = 0; i < Number(events); i++) {
  await load.send(WARM_UP + i);
  await setTimeout(1);
}
const { user, system } = process.cpuUsage(before);
const micros = Number(process.hrtime.bigint() - began) / 1_000;
await load.flush();
await tellParent({ cpuMicros: user + system, micros });
await load.close();
process.disconnect();
