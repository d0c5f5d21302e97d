import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Admin } from "@platformatic/kafka";
import { freePort } from "./free-port.ts";
import { classPathOf, fetchJars, SMALL_JVM } from "./java-home.ts";
import { type StoredRecord, TopicReader } from "./topic-reader.ts";
import { untilLogged } from "./until-logged.ts";

const run = promisify(execFile);
const POM = fileURLToPath(new URL("./java/pom.xml", import.meta.url));

export interface BrokerOptions {
  /** Where its data and its log are kept; a folder that holds a broker's data is opened again. */
  readonly folder: string;
  /** Port of a proxy that clients of `proxiedAddress` are told to talk to. */
  readonly proxyPort?: number;
  /** More lines of server.properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** More listeners, by name, with a protocol of Kafka's, such as SASL_PLAINTEXT. */
  readonly listeners?: Readonly<Record<string, string>>;
  /** Arguments for the tool that formats the storage, such as SCRAM credentials. */
  readonly format?: readonly string[];
  /** Goes on when this process ends. @default false */
  readonly detached?: boolean;
}

/** A single Kafka node on 127.0.0.1, as a process of its own. */
export interface Broker {
  readonly address: string;
  /** Its second listener, whose clients are sent to the proxy. */
  readonly proxiedAddress: string;
  /** Addresses of the further listeners, by name. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Starts it again after `kill` or `stop`, on the same ports with the same data. */
  start(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  createTopic(topic: string, partitions: number, configs?: Readonly<Record<string, string>>): Promise<void>;
  /** Everything committed in the topic, read by Kafka's Java consumer. */
  read(topic: string): Promise<readonly StoredRecord[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

const kafkaJars = (): Promise<string> => fetchJars(POM, "kafka-4.3.1");

/** Formats the storage when it is new, starts the node, and resolves when it serves. */
export const startBroker = async (options: BrokerOptions): Promise<Broker> => {
  const classPath = classPathOf(await kafkaJars());
  const extra = Object.entries(options.listeners ?? {});
  const port = await freePort();
  const proxiedPort = await freePort();
  const controllerPort = await freePort();
  const extraPorts = await Promise.all(extra.map(() => freePort()));
  const listeners = [
    `PLAIN://127.0.0.1:${port}`,
    `PROXIED://127.0.0.1:${proxiedPort}`,
    ...extra.map(([name], i) => `${name}://127.0.0.1:${extraPorts[i]}`),
  ];
  const advertised = listeners.map((listener) =>
    listener.startsWith("PROXIED") ? `PROXIED://127.0.0.1:${options.proxyPort ?? proxiedPort}` : listener,
  );
  const protocols = ["PLAIN:PLAINTEXT", "PROXIED:PLAINTEXT", "CONTROLLER:PLAINTEXT"];
  const properties = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAIN",
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${controllerPort}`].join(","),
    "advertised.listeners": advertised.join(","),
    "listener.security.protocol.map": [...protocols, ...extra.map((pair) => pair.join(":"))].join(","),
    "log.dirs": path.join(options.folder, "data"),
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    // The default of 128 MiB does not fit in the heap.
    "log.cleaner.dedupe.buffer.size": "4194304",
    // A killed node is back in 3 s instead of 12 to 15.
    "broker.heartbeat.interval.ms": "300",
    "broker.session.timeout.ms": "1000",
    ...options.properties,
  };
  const file = path.join(options.folder, "server.properties");
  const isNew = !existsSync(path.join(options.folder, "data"));
  await mkdir(options.folder, { recursive: true });
  await writeFile(
    file,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  if (isNew) {
    const id = randomBytes(16);
    // One that begins with a minus sign would be taken for an option.
    id.writeUInt8(id.readUInt8(0) & 0x7f, 0);
    const clusterId = id.toString("base64url");
    const format = ["format", "-t", clusterId, "-c", file, ...(options.format ?? [])];
    await run("java", [...SMALL_JVM, "-cp", classPath, "kafka.tools.StorageTool", ...format]);
  }

  let child: ChildProcess | undefined;
  const { detached = false } = options;
  const logFile = path.join(options.folder, "broker.log");
  const start = async () => {
    const log = await open(logFile, "w");
    child = spawn("java", [...SMALL_JVM, "-cp", classPath, "kafka.Kafka", file], {
      stdio: ["ignore", log.fd, log.fd],
      detached,
    });
    if (detached) child.unref();
    await log.close();
    await untilLogged(child, logFile, STARTED);
  };
  const reader = new TopicReader(`127.0.0.1:${port}`, classPath);
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  const endWithUs = () => child?.kill("SIGKILL");
  if (!detached) process.once("exit", endWithUs);
  await start();
  return {
    address: `127.0.0.1:${port}`,
    proxiedAddress: `127.0.0.1:${proxiedPort}`,
    addresses: Object.fromEntries(extra.map(([name], i) => [name, `127.0.0.1:${extraPorts[i]}`])),
    get pid() {
      return child?.pid ?? 0;
    },
    start,
    kill: () => end("SIGKILL"),
    stop: () => {
      reader.end();
      return end("SIGTERM");
    },
    async createTopic(topic, partitions, configs = {}) {
      const admin = new Admin({
        clientId: "test",
        bootstrapBrokers: [`127.0.0.1:${port}`],
        retries: 200,
        retryDelay: 50,
      });
      const list = Object.entries(configs).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: list });
      // Created is not yet known, and known is not yet led: asked until each partition answers.
      await admin.metadata({ topics: [topic] });
      const all = Array.from({ length: partitions }, (_, partitionIndex) => ({
        partitionIndex,
        timestamp: -1n,
      }));
      await admin.listOffsets({ topics: [{ name: topic, partitions: all }] });
      await admin.close();
    },
    read: (topic) => reader.read(topic),
    async [Symbol.asyncDispose]() {
      process.removeListener("exit", endWithUs);
      reader.end();
      await end("SIGKILL");
    },
  };
};

const STARTED = "Kafka Server started";
