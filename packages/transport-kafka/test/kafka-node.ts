import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { kafkaJava, NODE_CLASS, NODE_STARTED, STORAGE_CLASS } from "./kafka-java.ts";
import { untilLogged } from "./until-logged.ts";

const run = promisify(execFile);

export interface Listener {
  readonly name: string;
  readonly port: number;
  /** What clients of this listener are told to talk to. @default port */
  readonly advertisedPort?: number;
  /** Of Kafka's, such as SASL_PLAINTEXT. @default "PLAINTEXT" */
  readonly protocol?: string;
}

export interface KafkaNodeOptions {
  /** Where its data and its log are kept; a folder that holds a node's data is opened again. */
  readonly folder: string;
  readonly id: number;
  readonly clusterId: string;
  /** Of all nodes of the cluster, by id. */
  readonly controllerPorts: ReadonlyMap<number, number>;
  /** The first one is also how the nodes talk to each other. */
  readonly listeners: readonly [Listener, ...Listener[]];
  /** More lines of server.properties. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Arguments for the tool that formats the storage, such as SCRAM credentials. */
  readonly format?: readonly string[] | undefined;
  /** Goes on when this process ends. @default false */
  readonly detached?: boolean | undefined;
}

/** One Kafka node on 127.0.0.1, broker and controller, as a process of its own. */
export interface KafkaNode {
  readonly id: number;
  /** Its first listener. */
  readonly address: string;
  readonly pid: number;
  /** Resolves when it serves, which needs most nodes of the cluster. After `kill` or `stop`: the same ports, the same data. */
  start(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM: it hands over what it leads, and ends. */
  stop(): Promise<void>;
  /** SIGSTOP: it takes connections and answers nothing. `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export const newClusterId = (): string => {
  const id = randomBytes(16);
  // One that begins with a minus sign would be taken for an option.
  id.writeUInt8(id.readUInt8(0) & 0x7f, 0);
  return id.toString("base64url");
};

/** Formats the storage when it is new. The node does not run yet. */
export const kafkaNode = async (options: KafkaNodeOptions): Promise<KafkaNode> => {
  const { folder, id, detached = false } = options;
  const java = await kafkaJava();
  const file = path.join(folder, "server.properties");
  const isNew = !existsSync(path.join(folder, "data"));
  await mkdir(folder, { recursive: true });
  const lines = Object.entries(propertiesOf(options)).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(file, lines.join(""));
  if (isNew) {
    const format = ["format", "-t", options.clusterId, "-c", file, ...(options.format ?? [])];
    await run("java", [...java, STORAGE_CLASS, ...format]);
  }

  let child: ChildProcess | undefined;
  const logFile = path.join(folder, "broker.log");
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  const endWithUs = () => child?.kill("SIGKILL");
  if (!detached) process.once("exit", endWithUs);
  return {
    id,
    address: `127.0.0.1:${options.listeners[0].port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      const log = await open(logFile, "w");
      child = spawn("java", [...java, NODE_CLASS, file], {
        stdio: ["ignore", log.fd, log.fd],
        detached,
      });
      if (detached) child.unref();
      await log.close();
      await untilLogged(child, logFile, NODE_STARTED);
    },
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    freeze: () => child?.kill("SIGSTOP"),
    thaw: () => child?.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      process.removeListener("exit", endWithUs);
      await end("SIGKILL");
    },
  };
};

const propertiesOf = (options: KafkaNodeOptions): Readonly<Record<string, string>> => {
  const { folder, id, controllerPorts, listeners } = options;
  const controller: Listener = { name: "CONTROLLER", port: controllerPorts.get(id) ?? 0 };
  const at = ({ name }: Listener, port: number) => `${name}://127.0.0.1:${port}`;
  return {
    "process.roles": "broker,controller",
    "node.id": String(id),
    "controller.quorum.voters": [...controllerPorts]
      .map(([voter, port]) => `${voter}@127.0.0.1:${port}`)
      .join(","),
    "controller.listener.names": controller.name,
    "inter.broker.listener.name": listeners[0].name,
    listeners: [...listeners, controller].map((listener) => at(listener, listener.port)).join(","),
    "advertised.listeners": listeners
      .map((listener) => at(listener, listener.advertisedPort ?? listener.port))
      .join(","),
    "listener.security.protocol.map": [...listeners, controller]
      .map(({ name, protocol = "PLAINTEXT" }) => `${name}:${protocol}`)
      .join(","),
    "log.dirs": path.join(folder, "data"),
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
};
