// `pnpm usage-pipeline <command>`: runs the whole pipeline as processes on this machine, without containers.
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { whyNoJava } from "../../transport-kafka/test/java-home.ts";
import { whyNoPostgres } from "./postgres.ts";
import { queryPostgres } from "./query-postgres.ts";
import { renderSql } from "./render-sql.ts";
import { startStack } from "./stack.ts";
import { startWriters, WRITERS } from "./writer-process.ts";

const FOLDER = process.env.METER_PIPELINE_FOLDER ?? path.join(tmpdir(), "meter-pipeline");
const STATE = path.join(FOLDER, "state.json");

/** What `up` writes for the other commands. */
interface State {
  readonly brokers: string;
  readonly postgresPort: number;
  /** In the order in which they must be stopped. */
  readonly pids: readonly number[];
}

const USAGE = `pnpm usage-pipeline <command>

  up                    starts a broker, PostgreSQL and the job
  feed [--events 20000] records usage in ${WRITERS} processes, each with an outbox of its own
  usage                 prints what was counted
  down                  ends everything; its data stays until up is called again
  prove [--events N]    all of it with kills, compared with what was recorded (see prove.ts)
  measure [--events N]  how fast the job is, and what it keeps as state (see measure-job.ts)
  throughput            record() into Kafka, beside @platformatic/kafka alone (see throughput.ts)
  skew                  how customers of different size fall on partitions (see simulate-skew.ts)
  capacity              what a rate of events needs, from what was measured (see capacity.ts)
  sql                   prints the SQL for a cluster; values from the environment
  meters                writes sql/03-meters.sql from the catalog`;

const readState = async (): Promise<State> => {
  if (!existsSync(STATE)) throw new Error("nothing is up: run `pnpm usage-pipeline up` first");
  return JSON.parse(await readFile(STATE, "utf8"));
};

const up = async (): Promise<void> => {
  const missing = (await whyNoJava()) ?? whyNoPostgres();
  if (missing !== undefined) throw new Error(missing);
  if (existsSync(STATE)) throw new Error("it is up already: `pnpm usage-pipeline down` ends it");
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  // PostgreSQL runs as another user.
  await chmod(FOLDER, 0o755);
  const { broker, postgres, job } = await startStack({ folder: FOLDER, detached: true });
  const state: State = {
    brokers: broker.address,
    postgresPort: postgres.port,
    pids: [job.pid, broker.pid, postgres.pid],
  };
  await writeFile(STATE, JSON.stringify(state));
  console.log(
    `up: Kafka at ${state.brokers}, PostgreSQL at 127.0.0.1:${state.postgresPort}, data in ${FOLDER}`,
  );
};

const feed = async (events: number): Promise<void> => {
  const { brokers } = await readState();
  const writers = startWriters(FOLDER, brokers, events);
  await Promise.all(writers.map(({ done }) => done));
  console.log(`${events} events acknowledged`);
};

const usage = async (): Promise<void> => {
  const { postgresPort } = await readState();
  const rows = await queryPostgres(
    postgresPort,
    // Per tenant and hour: levels do not add up.
    "SELECT tenant_id, customer_id, meter_id, to_timestamp(hour_ms / 1000) AT TIME ZONE 'UTC' AS hour, events, total_usage, duration_ms FROM usage ORDER BY 1, 3, 4",
  );
  console.table(rows);
};

const down = async (): Promise<void> => {
  const { pids } = await readState();
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGINT");
    } catch {
      console.log(`${pid} had ended already`);
    }
  }
  await rm(STATE);
  console.log("down");
};

/** For `sql-client.sh -f`: every placeholder of the SQL is an environment variable. */
const printSql = (): void => {
  const env = process.env;
  console.log(
    renderSql({
      BROKERS: env.BROKERS ?? "localhost:9092",
      PARALLELISM: env.PARALLELISM ?? "4",
      CHECKPOINT_INTERVAL: env.CHECKPOINT_INTERVAL ?? "30 s",
      CHECKPOINT_DIR: env.CHECKPOINT_DIR ?? "file:///tmp/meter-usage-checkpoints",
      DEDUP_WINDOW: env.DEDUP_WINDOW ?? "48 h",
      SESSION_WINDOW: env.SESSION_WINDOW ?? "31 d",
      POSTGRES_URL: env.POSTGRES_URL ?? "jdbc:postgresql://localhost:5432/postgres",
      POSTGRES_USER: env.POSTGRES_USER ?? "meter",
      POSTGRES_PASSWORD: env.POSTGRES_PASSWORD ?? "meter",
    }),
  );
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { events: { type: "string", default: "20000" }, help: { type: "boolean" } },
});
switch (positionals[0]) {
  case "up":
    await up();
    break;
  case "feed":
    await feed(Number(values.events));
    break;
  case "usage":
    await usage();
    break;
  case "down":
    await down();
    break;
  case "prove":
    await import("./prove.ts");
    break;
  case "measure":
    await import("./measure-job.ts");
    break;
  case "throughput":
    await import("./throughput.ts");
    break;
  case "skew":
    await import("./simulate-skew.ts");
    break;
  case "capacity":
    await import("./capacity.ts");
    break;
  case "sql":
    printSql();
    break;
  case "meters":
    await import("./write-meters.ts").then(({ writeMeters }) => writeMeters());
    break;
  default:
    console.log(USAGE);
    if (values.help !== true) process.exitCode = 1;
}
