import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { freePort } from "../../../scripts/test/free-port.ts";
import { classPathOf, fetchJars } from "../../transport-kafka/test/java-home.ts";
import { untilLogged } from "../../transport-kafka/test/until-logged.ts";
import { renderSql, type SqlSettings } from "./render-sql.ts";

const FLINK = new URL("../flink/", import.meta.url);
const POM = fileURLToPath(new URL("pom.xml", FLINK));
const RUN_SQL = fileURLToPath(new URL("RunSql.java", FLINK));

// Limits of a mini-cluster in one small process. A real cluster configures these itself.
const MACHINE = [
  "taskmanager.memory.managed.size: 256m",
  "taskmanager.memory.network.min: 64m",
  "taskmanager.memory.network.max: 64m",
];
// Flink's serializers access internals of the JDK: https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/deployment/java_compatibility/
const OPENED = ["java.base/java.util", "java.base/java.lang", "java.base/java.net", "java.base/java.time"];
const JVM = [
  "-XX:+UseSerialGC",
  ...OPENED.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];
// A short run mostly plans the SQL, which is too short for the optimizing compiler.
const SHORT_RUN = ["-Xmx512m", "-XX:TieredStopAtLevel=1"];

/** For runs of minutes: the optimizing compiler starts slower and makes code several times as fast. */
export const LONG_RUN: readonly string[] = ["-Xmx1g"];

export interface FlinkJob {
  readonly pid: number;
  /** Of Flink's REST API: https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/ops/rest_api/ */
  readonly restUrl: string;
  /** Sends SIGKILL and waits for the exit. */
  kill(): Promise<void>;
  /** Starts it again from its newest checkpoint. */
  start(): Promise<void>;
}

export type JobSettings = Omit<SqlSettings, "CHECKPOINT_DIR" | "PARALLELISM"> & {
  readonly PARALLELISM?: string;
};

export interface FlinkProcess {
  /** Whether it keeps running when this process ends. @default false */
  readonly detached?: boolean;
  /** More arguments for Java. @default a small heap and the quick compiler, as for a test */
  readonly jvm?: readonly string[];
}

/** Runs the SQL on a mini-cluster in a process of its own; resolves when the job runs. */
export const startFlinkJob = async (
  folder: string,
  settings: JobSettings,
  { detached = false, jvm = SHORT_RUN }: FlinkProcess = {},
): Promise<FlinkJob> => {
  const classPath = classPathOf(await fetchJars(POM, "flink-2.2.0"));
  await mkdir(folder, { recursive: true });
  const sql = path.join(folder, "job.sql");
  const CHECKPOINT_DIR = pathToFileURL(path.join(folder, "checkpoints")).href;
  await writeFile(sql, renderSql({ PARALLELISM: "2", ...settings, CHECKPOINT_DIR }));
  const logFile = path.join(folder, "flink.log");
  const restPort = await freePort();
  const properties = [...MACHINE, `rest.bind-port: ${restPort}`];

  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  const start = async () => {
    const log = await open(logFile, "w");
    child = spawn("java", [...JVM, ...jvm, "-cp", classPath, RUN_SQL, sql], {
      stdio: ["ignore", log.fd, log.fd],
      env: { ...process.env, FLINK_PROPERTIES: properties.join("\n") },
      detached,
    });
    if (detached) child.unref();
    await log.close();
    await untilLogged(child, logFile, "running ");
  };
  if (!detached) process.once("exit", () => child?.kill("SIGKILL"));
  await start();
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    restUrl: `http://127.0.0.1:${restPort}`,
    kill,
    start,
  };
};
