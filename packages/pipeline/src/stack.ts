import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type Broker, startBroker } from "../../transport-kafka/test/broker.ts";
import { type FlinkJob, type FlinkProcess, type JobSettings, startFlinkJob } from "./flink-job.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

/** The whole stack: a broker with the topics, PostgreSQL with the tables, and the job between them. */
export interface Stack {
  readonly broker: Broker;
  readonly postgres: Postgres;
  readonly job: FlinkJob;
}

export interface StackOptions extends FlinkProcess {
  readonly folder: string;
  readonly settings?: Partial<JobSettings>;
}

/** How long an identity is remembered by default, in milliseconds: a day longer than the SDK may send it again. */
export const DEDUP_WINDOW_MS = 48 * 3_600_000;

export const PARTITIONS = 4;
const COMPACTED = { "cleanup.policy": "compact" };

/** The broker with its topics, and PostgreSQL with its tables. */
export const startStores = async ({
  folder,
  detached = false,
}: StackOptions): Promise<Omit<Stack, "job">> => {
  await mkdir(folder, { recursive: true });
  const broker = await startBroker({ folder: path.join(folder, "kafka"), detached });
  await broker.createTopic("usage-events", PARTITIONS);
  await broker.createTopic("usage-dead-letters", 1);
  await broker.createTopic("usage", PARTITIONS, COMPACTED);
  await broker.createTopic("usage-gaps", 1, COMPACTED);
  const postgres = await startPostgres(path.join(folder, "postgres"), { detached });
  return { broker, postgres };
};

/** Starts the job between running stores. */
export const startJob = (
  { broker, postgres }: Omit<Stack, "job">,
  { folder, settings = {}, ...process }: StackOptions,
): Promise<FlinkJob> =>
  startFlinkJob(
    path.join(folder, "flink"),
    {
      BROKERS: broker.address,
      CHECKPOINT_INTERVAL: "3 s",
      DEDUP_WINDOW: `${DEDUP_WINDOW_MS / 3_600_000} h`,
      SESSION_WINDOW: "31 d",
      POSTGRES_URL: postgres.url,
      POSTGRES_USER: postgres.user,
      POSTGRES_PASSWORD: postgres.password,
      ...settings,
    },
    process,
  );

export const startStack = async (options: StackOptions): Promise<Stack> => {
  const stores = await startStores(options);
  return { ...stores, job: await startJob(stores, options) };
};

export const stopStack = async ({ broker, postgres, job }: Stack): Promise<void> => {
  await job.kill();
  await broker.stop();
  await postgres.stop();
};
