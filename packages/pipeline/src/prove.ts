// Usage of several processes, recorded and corrected, some of them killed, through a broker and a job that are killed too: what comes out must equal, to the
// unit, what the processes wrote into their journals before they recorded it.
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Producer } from "@platformatic/kafka";
import { whyNoJava } from "../../transport-kafka/test/java-home.ts";
import { differences } from "./compare-usage.ts";
import { expectedUsage, type UsageRow } from "./expected-usage.ts";
import { LONG_RUN } from "./flink-job.ts";
import { whyNoPostgres } from "./postgres.ts";
import { usageInTopic, usageRow } from "./read-usage.ts";
import { type Stack, startStack, stopStack } from "./stack.ts";
import { startWriters, WRITERS, type WriterProcess } from "./writer-process.ts";

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "20000" },
    minutes: { type: "string", default: "15" },
    keep: { type: "boolean", default: false },
  },
});
const events = Number(values.events);
const patienceMs = Number(values.minutes) * 60_000;
const LOOK_EVERY_MS = 500;
// How much of the end of a journal is read: there is a mark after every 500 events.
const MARK_WITHIN_BYTES = 512 * 1024;
// From this size on, the optimizing compiler of the JVM is worth its start-up time.
const LONG_RUN_EVENTS = 100_000;
const FOR_LONG = { jvm: LONG_RUN, settings: { CHECKPOINT_INTERVAL: "10 s" } };

const missing = (await whyNoJava()) ?? whyNoPostgres();
if (missing !== undefined) {
  console.log(`skipped: ${missing}`);
  process.exit(0);
}

// Child processes end with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const startedAt = Date.now();
const say = (text: string) =>
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${text}`);

/** Invalid records; each must be in the dead letters once. */
const INVALID: readonly (readonly [reason: string, value: string])[] = [
  ["the value is no JSON object", "not JSON"],
  ["the value is no JSON object", "[1]"],
  ["customer_id is missing", '{"meter_id":"page.processed.basic","total_usage":1}'],
  [
    "meter_id is not in the catalog",
    '{"meter_id":"no.such.meter","customer_id":"cust_acme","total_usage":1}',
  ],
  [
    "total_usage is no integer from 0",
    '{"meter_id":"page.processed.basic","customer_id":"cust_acme","total_usage":-1}',
  ],
  ["neither start_time nor end_time", '{"meter_id":"chat.on.time_hours","customer_id":"cust_acme"}'],
];

const writeInvalid = async (stack: Stack): Promise<void> => {
  const producer = new Producer({ clientId: "invalid", bootstrapBrokers: [stack.broker.address] });
  const messages = INVALID.map(([, value]) => ({ topic: "usage-events", value: Buffer.from(value) }));
  await producer.send({ messages, acks: -1 });
  await producer.close();
};

/** Events stored so far, by the writers' own marks. */
const storedBy = (writers: readonly WriterProcess[]): number =>
  writers.reduce((sum, { journal }) => {
    const marks = endOf(journal).match(/^\d+$/gm);
    return sum + Number(marks?.at(-1) ?? 0);
  }, 0);

const endOf = (file: string): string => {
  if (!existsSync(file)) return "";
  const handle = openSync(file, "r");
  const bytes = Buffer.alloc(MARK_WITHIN_BYTES);
  const read = readSync(handle, bytes, 0, bytes.length, Math.max(0, fstatSync(handle).size - bytes.length));
  closeSync(handle);
  return bytes.toString("latin1", 0, read);
};

/** Calls each step once, when so large a part of the events is stored. */
const disturb = async (
  writers: readonly WriterProcess[],
  steps: readonly (readonly [part: number, name: string, step: () => Promise<void> | void])[],
): Promise<void> => {
  for (const [part, name, step] of steps) {
    while (storedBy(writers) < part * events) await sleep(LOOK_EVERY_MS);
    say(`${Math.round(part * 100)} % recorded: ${name}`);
    await step();
  }
};

/** Sums one figure of the writers' accounts. */
const totalOf = (writers: readonly WriterProcess[], figure: "acknowledged" | "discarded"): number =>
  writers.reduce((sum, { journal }) => sum + JSON.parse(readFileSync(`${journal}.stats`, "utf8"))[figure], 0);

const missingIn = (gap: unknown): number =>
  typeof gap === "object" && gap !== null && "missing" in gap ? Number(gap.missing) : Number.NaN;

const counted = (rows: readonly UsageRow[]): number => rows.reduce((sum, row) => sum + row.events, 0);

const folder = await mkdtemp(path.join(tmpdir(), "meter-pipeline-"));
// PostgreSQL runs as another user.
await chmod(folder, 0o755);
const stack = await startStack({ folder, ...(events < LONG_RUN_EVENTS ? {} : FOR_LONG) });
let ok = false;
try {
  say(`${new Date(startedAt).toISOString()}, ${cpus().length} × ${cpus()[0]?.model}`);
  say(
    `broker, PostgreSQL and job are up; ${WRITERS} processes do ${events} things, every tenth a correction`,
  );
  await writeInvalid(stack);
  const writers = startWriters(folder, stack.broker.address, events);
  const all = Promise.all(writers.map(({ done }) => done));
  await Promise.all([
    all,
    disturb(writers, [
      [0.05, "writer 1 killed", () => writers[0]?.kill()],
      [0.15, "writer 2 killed", () => writers[1]?.kill()],
      [0.3, "writer 3 killed", () => writers[2]?.kill()],
      [
        0.4,
        "broker killed",
        async () => {
          await stack.broker.kill();
          await stack.broker.start();
        },
      ],
      [0.5, "writer 1 killed", () => writers[0]?.kill()],
      [
        0.6,
        "job killed",
        async () => {
          await stack.job.kill();
          await stack.job.start();
        },
      ],
      [0.75, "writer 2 killed", () => writers[1]?.kill()],
      [0.9, "writer 3 killed", () => writers[2]?.kill()],
    ]),
  ]);
  const fedAt = Date.now();
  say("all events acknowledged");

  const expected = await expectedUsage(writers.map(({ journal }) => journal));
  const inTable = async () => (await stack.postgres.query("SELECT * FROM usage")).map(usageRow);
  let rows = await inTable();
  while (differences(expected, rows).length > 0 && Date.now() - startedAt < patienceMs) {
    await sleep(LOOK_EVERY_MS);
    rows = await inTable();
  }
  say(
    `PostgreSQL: ${rows.length} rows, ${counted(rows)} events, ${differences(expected, rows).length} differences`,
  );

  // The topic shows what checkpoints have committed; and a whole checkpoint later nothing may have been added.
  let records = await stack.broker.read("usage");
  let dead = await stack.broker.read("usage-dead-letters");
  while (
    (differences(expected, usageInTopic(records)).length > 0 || dead.length < INVALID.length) &&
    Date.now() - startedAt < patienceMs
  ) {
    records = await stack.broker.read("usage");
    dead = await stack.broker.read("usage-dead-letters");
  }
  say(`topic: ${differences(expected, usageInTopic(records)).length} differences, ${records.length} records`);

  const wrong = [
    ...differences(expected, await inTable()).map((line) => `PostgreSQL ${line}`),
    ...differences(expected, usageInTopic(records)).map((line) => `topic ${line}`),
  ];
  const reasons = dead.map(({ value }) => String(JSON.parse(value ?? "{}").reason)).toSorted();
  const wanted = INVALID.map(([reason]) => reason).toSorted();
  if (reasons.join() !== wanted.join()) wrong.push(`dead letters: expected ${wanted}, found ${reasons}`);
  // An event that was cancelled before it was sent has a number that nobody receives; a producer's last one is not missed.
  const discarded = totalOf(writers, "discarded");
  const gaps = await stack.postgres.query("SELECT * FROM producer_gaps WHERE missing <> 0");
  const missing = gaps.reduce<number>((sum, gap) => sum + missingIn(gap), 0);
  if (!(missing <= discarded)) wrong.push(`gaps: ${discarded} discarded, ${JSON.stringify(gaps)}`);
  const kills = writers.reduce((sum, writer) => sum + writer.kills, 0);
  const took = (Date.now() - startedAt) / 1000;
  const usageOf = new Set(expected.map(({ customer_id, meter_id }) => `${customer_id} ${meter_id}`));
  console.log(`
  events that count    ${counted(expected)}
  events counted       ${counted(rows)}
  delivered            ${totalOf(writers, "acknowledged")}, with corrections; ${discarded} cancelled before they were sent
  rows of usage        ${expected.length}, of ${usageOf.size} customers and meters
  dead letters         ${dead.length} of ${INVALID.length}
  killed               ${kills} writers, 1 broker, 1 job
  seconds              ${took.toFixed(1)} in all, ${((Date.now() - fedAt) / 1000).toFixed(1)} after the last acknowledgement
`);
  ok = wrong.length === 0;
  console.log(ok ? "exact" : `NOT exact:\n${wrong.slice(0, 20).join("\n")}`);
} finally {
  await stopStack(stack);
  if (ok && !values.keep) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  else console.log(`kept: ${folder}`);
}
if (!ok) process.exitCode = 1;
