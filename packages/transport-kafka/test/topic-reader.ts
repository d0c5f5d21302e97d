import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const READ_TOPIC = fileURLToPath(new URL("./java/ReadTopic.java", import.meta.url));
const QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";
const END = "end";

export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  /** Where Kafka's own producer would have put it. */
  readonly javaPartition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

/** Kafka's Java consumer in a process that stays: to start one for each reading would take longer than the reading. */
export class TopicReader {
  readonly #address: string;
  readonly #java: readonly string[];
  #child: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @param java - what {@link kafkaJava} says */
  constructor(address: string, java: readonly string[]) {
    this.#address = address;
    this.#java = java;
  }

  /** Everything committed in the topic so far. */
  read(topic: string): Promise<readonly StoredRecord[]> {
    const records = this.#last.then(() => this.#ask(topic));
    this.#last = records.catch(() => {});
    return records;
  }

  /** Ends the process; another reading starts a new one. */
  end(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #ask(topic: string): Promise<readonly StoredRecord[]> {
    if (this.#child === undefined) this.#start();
    this.#child?.stdin?.write(`${topic}\n`);
    const records: StoredRecord[] = [];
    for (;;) {
      const { value, done } = (await this.#lines?.next()) ?? { done: true };
      if (done === true) throw new Error(`the reader of ${topic} has ended`);
      if (value === END) return records;
      records.push(JSON.parse(value));
    }
  }

  #start(): void {
    const child = spawn("java", [...this.#java, QUIET, READ_TOPIC, this.#address], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    process.once("exit", () => child.kill("SIGKILL"));
  }
}
