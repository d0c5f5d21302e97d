import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../../../scripts/test/free-port.ts";
import { makeOnce } from "../../../scripts/test/make-once.ts";
import { classPathOf, fetchJars } from "./java-home.ts";
import { untilLogged } from "./until-logged.ts";

const run = promisify(execFile);
const POM = fileURLToPath(new URL("./java/pom.xml", import.meta.url));

export const NODE_CLASS = "kafka.Kafka";
export const STORAGE_CLASS = "kafka.tools.StorageTool";
export const NODE_STARTED = "Kafka Server started";

/** Small and quick to start; JMX and log rotation have no place here. */
const SMALL_JVM = ["-Xms64m", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/**
 * Arguments for Java to run what is in Kafka's jars. Among them is an archive of the classes that a node loads, made on the first call: to
 * find and check them in the jars takes half of the time of a start.
 */
export const kafkaJava = async (): Promise<readonly string[]> => {
  const jars = await fetchJars(POM, "kafka-4.3.1");
  const java = [...SMALL_JVM, "-cp", classPathOf(jars)];
  const archive = `${jars}.jsa`;
  await makeOnce(archive, (made) => archiveClasses(java, made));
  return [`-XX:SharedArchiveFile=${archive}`, ...java];
};

/** Runs a node until it serves; Java writes what it loaded when it ends. */
const archiveClasses = async (java: readonly string[], archive: string): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), "kafka-classes-"));
  try {
    const [port, controllerPort] = [await freePort(), await freePort()];
    const properties = path.join(folder, "server.properties");
    await writeFile(
      properties,
      `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
log.dirs=${path.join(folder, "data")}
log.cleaner.dedupe.buffer.size=4194304
`,
    );
    await run("java", [...java, STORAGE_CLASS, "format", "-t", "AAAAAAAAAAAAAAAAAAAAAA", "-c", properties]);
    const logFile = path.join(folder, "node.log");
    const log = await open(logFile, "w");
    const child = spawn("java", [`-XX:ArchiveClassesAtExit=${archive}`, ...java, NODE_CLASS, properties], {
      stdio: ["ignore", log.fd, log.fd],
    });
    await log.close();
    const ended = once(child, "exit");
    await untilLogged(child, logFile, NODE_STARTED);
    child.kill("SIGTERM");
    await ended;
    if (!existsSync(archive)) throw new Error(`Java wrote no archive:\n${await readFile(logFile, "utf8")}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
