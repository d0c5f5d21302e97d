import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const PIPELINE = new URL("../", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, PIPELINE), "utf8");
const compose = read("compose.yaml");
const flinkPom = read("flink/pom.xml");

/** What a pattern's group matched, each text once, in order of the alphabet. */
const found = (text: string, pattern: RegExp): readonly string[] =>
  [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ""))].toSorted();

const versionIn = (pom: string, artifact: string): string | undefined =>
  new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)</version>`).exec(pom)?.[1];

test("the containers have the versions that are tested without containers", () => {
  const kafkaPom = read("../transport-kafka/test/java/pom.xml");
  expect(found(compose, /image: apache\/kafka:(\S+)/g)).toEqual([versionIn(kafkaPom, "kafka_2.13")]);
  expect(found(compose, /image: flink:(\S+)-java17/g)).toEqual(
    found(flinkPom, /<flink.version>([^<]+)<\/flink.version>/g),
  );
});

test.each([
  ["flink-sql-connector-kafka", /flink-sql-connector-kafka (\S+),/g],
  ["flink-connector-jdbc-core", /-postgres (\S+),/g],
  ["flink-connector-jdbc-postgres", /-postgres (\S+),/g],
  ["postgresql", /postgresql (\d\S+),/g],
])("%s is named in the version that is tested", (artifact, pattern) => {
  expect(found(compose, pattern)).toEqual([versionIn(flinkPom, artifact)]);
});

test("what is mounted is there, or is made by what the file says at its top", () => {
  const [head = ""] = compose.split("\nservices:");
  const mounted = found(compose, /\.\/([\w./-]+):\//g);
  expect(mounted).toContain("postgres/tables.sql");
  const missing = mounted.filter(
    (file) => !existsSync(new URL(file, PIPELINE)) && !head.includes(`pipeline/${file}`),
  );
  expect(missing).toEqual([]);
});

test("every topic of the SQL is created", () => {
  const sql = readdirSync(new URL("sql/", PIPELINE)).map((file) => read(`sql/${file}`));
  const named = found(sql.join("\n"), /'topic' = '([^']+)'/g);
  expect(named).toContain("usage-events");
  expect(found(compose, /create --topic (\S+)/g)).toEqual(named);
});
