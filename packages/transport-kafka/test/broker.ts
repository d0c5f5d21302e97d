import { freePort } from "../../../scripts/test/free-port.ts";
import { createTopic } from "./create-topic.ts";
import { kafkaJava } from "./kafka-java.ts";
import { kafkaNode, newClusterId } from "./kafka-node.ts";
import { type StoredRecord, TopicReader } from "./topic-reader.ts";

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

/** Formats the storage when it is new, starts the node, and resolves when it serves. */
export const startBroker = async (options: BrokerOptions): Promise<Broker> => {
  const proxied = { name: "PROXIED", port: await freePort() };
  const more = await Promise.all(
    Object.entries(options.listeners ?? {}).map(async ([name, protocol]) => ({
      name,
      protocol,
      port: await freePort(),
    })),
  );
  const node = await kafkaNode({
    ...options,
    id: 1,
    clusterId: newClusterId(),
    controllerPorts: new Map([[1, await freePort()]]),
    listeners: [
      { name: "PLAIN", port: await freePort() },
      { ...proxied, advertisedPort: options.proxyPort ?? proxied.port },
      ...more,
    ],
  });
  const reader = new TopicReader(node.address, await kafkaJava());
  await node.start();
  return {
    address: node.address,
    proxiedAddress: `127.0.0.1:${proxied.port}`,
    addresses: Object.fromEntries(more.map(({ name, port }) => [name, `127.0.0.1:${port}`])),
    get pid() {
      return node.pid;
    },
    start: node.start,
    kill: node.kill,
    stop: () => {
      reader.end();
      return node.stop();
    },
    createTopic: (topic, partitions, configs = {}) =>
      createTopic([node.address], topic, { partitions, configs }),
    read: (topic) => reader.read(topic),
    async [Symbol.asyncDispose]() {
      reader.end();
      await node[Symbol.asyncDispose]();
    },
  };
};
