// How fast the job counts a full topic, what that costs each process, and how much state it keeps:
// `pnpm usage-pipeline measure [--events 1000000] [--parallelism 1,2]`. It prints readings only.
import { readdirSync, rmSync, statSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { LONG_RUN } from "./flink-job.ts";
import { flinkTasks } from "./flink-state.ts";
import { cpuSeconds } from "./process-cpu.ts";
import { startJob, startStores } from "./stack.ts";
import { writeTraffic } from "./write-traffic.ts";

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "1000000" },
    parallelism: { type: "string", default: "1,2" },
  },
});
const events = Number(values.events);
const LOOK_EVERY_MS = 250;
// The JVM has warmed up by then, and the very end has less load.
const FROM = 0.25;
const TO = 0.95;
// By then, a checkpoint covers all of it.
const CHECKPOINT_MS = 10_000;
const SHOWN_CHARS = 60;

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && entry.name.endsWith(".log") && entry.parentPath.includes("usage-events-"),
    )
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);

const measure = async (parallelism: string): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), "meter-measure-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  // PostgreSQL runs as another user.
  await chmod(folder, 0o755);
  const { broker, postgres } = await startStores({ folder });
  try {
    await writeTraffic([broker.address], events);
    const topicBytes = bytesIn(path.join(folder, "kafka"));
    const job = await startJob(
      { broker, postgres },
      {
        folder,
        settings: { PARALLELISM: parallelism, CHECKPOINT_INTERVAL: `${CHECKPOINT_MS / 1000} s` },
        jvm: LONG_RUN,
      },
    );
    try {
      const look = async () => {
        const [row] = await postgres.query("SELECT COALESCE(SUM(events), 0) AS counted FROM usage");
        return {
          counted: Number(JSON.parse(JSON.stringify(row)).counted),
          at: performance.now(),
          job: cpuSeconds(job.pid),
          broker: cpuSeconds(broker.pid),
          postgres: cpuSeconds(postgres.pid),
        };
      };
      const startedAt = performance.now();
      let from = await look();
      let to = from;
      let now = from;
      while (now.counted < events) {
        await sleep(LOOK_EVERY_MS);
        now = await look();
        if (now.counted < FROM * events) from = now;
        if (now.counted <= TO * events) to = now;
      }
      const counted = to.counted - from.counted;
      const seconds = (to.at - from.at) / 1000;
      const cost = (part: "job" | "broker" | "postgres") =>
        `${(((to[part] - from[part]) / counted) * 1e6).toFixed(1).padStart(7)} µs per event`;
      console.log(`
parallelism ${parallelism}, ${events} events, load average ${loadavg()
        .map((load) => load.toFixed(1))
        .join(" ")}
  from start to end     ${((now.at - startedAt) / 1000).toFixed(1)} s, ${Math.round(events / ((now.at - startedAt) / 1000))} events/s
  once warm             ${Math.round(counted / seconds)} events/s
  per core of the job   ${Math.round(counted / (to.job - from.job))} events/s
  processor time        job ${cost("job")}, broker ${cost("broker")}, PostgreSQL ${cost("postgres")}
  topic on disk         ${(topicBytes / events).toFixed(1)} bytes per event`);
      await sleep(CHECKPOINT_MS + LOOK_EVERY_MS);
      for (const { name, stateBytes } of await flinkTasks(job.restUrl)) {
        if (stateBytes / events < 0.05) continue;
        console.log(
          `  state ${(stateBytes / events).toFixed(1).padStart(7)} bytes per event: ${name.slice(0, SHOWN_CHARS)}`,
        );
      }
    } finally {
      await job.kill();
    }
  } finally {
    await broker.kill();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

console.log(`${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model}`);
for (const parallelism of values.parallelism.split(",")) await measure(parallelism);
