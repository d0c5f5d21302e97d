// Imports a large file, kills the import halfway, runs it again, and compares the sandbox's count with the file. Prints rows per second and
// peak memory.
import { once } from "node:events";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createSandbox } from "@meter-lib/sandbox";
import { type Ended, type MeterProcess, startMeter } from "./meter-process.ts";

const TENANTS = 50;
const TICKS_PER_SECOND = 100;
/** A small file is imported in a second, and the kill has to fall in the middle of it. */
const LOOK_EVERY_MS = 50;
const DAY = Date.parse("2026-10-01T00:00:00Z");
const METERS = ["page.processed.basic", "report.generated.small", "rule.executed.large"];

const { values: flags } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
const rows = Number(flags.rows);

/** Usage by tenant and meter, according to the file. */
const expected = new Map<string, number>();

const writeFile = async (path: string): Promise<void> => {
  const out = createWriteStream(path);
  out.write("tenant,device,meter,units,when\n");
  for (let row = 0; row < rows; row++) {
    const tenant = `tenant_${row % TENANTS}`;
    const meter = METERS[row % METERS.length] ?? "";
    const units = row % 97;
    // Every tenth row equals an earlier one and counts again.
    const at = DAY + (row - (row % 10 === 9 ? TENANTS * METERS.length * 97 : 0)) * 100;
    expected.set(`${tenant} ${meter}`, (expected.get(`${tenant} ${meter}`) ?? 0) + units);
    const line = `${tenant},export-1,${meter},${units},${at}\n`;
    if (!out.write(line)) await once(out, "drain");
  }
  out.end();
  await finished(out);
};

const memoryOf = (pid: number | undefined): number => {
  const file = `/proc/${pid}/status`;
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
};

/** Processor time of a process so far, in seconds. */
const effortOf = (pid: number | undefined): number => {
  const file = `/proc/${pid}/stat`;
  const fields = existsSync(file) ? readFileSync(file, "utf8").split(") ")[1]?.split(" ") : undefined;
  return (Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0)) / TICKS_PER_SECOND;
};

interface Watched {
  readonly ended: Ended;
  readonly seconds: number;
  /** Processor time, in seconds. */
  readonly effort: number;
  readonly memory: readonly number[];
}

const watch = async (run: MeterProcess, each: () => void = () => {}): Promise<Watched> => {
  const started = performance.now();
  const memory: number[] = [];
  let effort = 0;
  const over = new AbortController();
  const sampling = (async () => {
    while (!over.signal.aborted) {
      memory.push(memoryOf(run.child.pid));
      effort = Math.max(effort, effortOf(run.child.pid));
      each();
      await setTimeout(LOOK_EVERY_MS, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  const ended = await run.ended;
  over.abort();
  await sampling;
  const seconds = (performance.now() - started) / 1000;
  return { ended, seconds, effort, memory: memory.filter((value) => value > 0) };
};

const words = (values: readonly number[]): string => {
  const at = (share: number) => Math.round(values[Math.floor(share * (values.length - 1))] ?? 0);
  const most = Math.round(Math.max(...values));
  return `${at(0.25)} MiB after a quarter of the time, ${at(0.5)} at half, ${at(1)} at the end; most ${most}`;
};

const count = (value: number): string => Math.round(value).toLocaleString("en-US");

const folder = await mkdtemp(join(tmpdir(), "meter-import-"));
try {
  const file = join(folder, "usage.csv");
  await writeFile(file);
  const tenants = Object.fromEntries(
    Array.from({ length: TENANTS }, (_, index) => [`tenant_${index}`, `cust_${index}`]),
  );
  await using sandbox = await createSandbox({ file: join(folder, "sandbox.db"), tenants });
  const eventsCounted = () => sandbox.usage().reduce((sum, row) => sum + row.events, 0);
  const args = ["import", file, "--dedup", "7d", "--base-url", sandbox.url, "--dialect", "kafka-rest"];
  args.push("--map", "tenant_id=tenant", "--map", "device_id=device", "--map", "meter_id=meter");
  args.push("--map", "total_usage=units", "--map", "event_time=when");
  console.log(`${count(rows)} rows, ${count((await stat(file)).size / 1e6)} MB of CSV`);

  const first = startMeter(args);
  let killedAt = 0;
  const killed = await watch(first, () => {
    if (killedAt > 0) return;
    const counted = eventsCounted();
    if (counted < rows * 0.4) return;
    killedAt = counted;
    first.child.kill("SIGKILL");
  });
  if (killed.ended.signal !== "SIGKILL")
    throw new Error(`ended before the kill: ${JSON.stringify(killed.ended)}`);
  console.log(`killed after ${killed.seconds.toFixed(1)} s, with ${count(killedAt)} events counted`);
  console.log(`  memory: ${words(killed.memory)}`);

  const second = await watch(startMeter([...args, "--json"]));
  if (second.ended.exit !== 0)
    throw new Error(`exit ${second.ended.exit}: ${second.ended.stdout}${second.ended.stderr}`);
  const counted = eventsCounted();
  console.log(`run again: ${second.seconds.toFixed(1)} s, ${count(counted - killedAt)} more events counted`);
  console.log(`  memory: ${words(second.memory)}`);
  const seconds = killed.seconds + second.seconds;
  const effort = killed.effort + second.effort;
  console.log(
    `both together: ${count(rows / seconds)} rows per second, checked, recorded, delivered, acknowledged; ` +
      `${effort.toFixed(1)} s of processor time, ${count(rows / effort)} rows for each of them`,
  );

  const third = await watch(startMeter([...args, "--json"]));
  if (third.ended.exit !== 0) throw new Error(`exit ${third.ended.exit}: ${third.ended.stderr}`);
  console.log(
    `a third time: ${third.seconds.toFixed(1)} s, ${count(eventsCounted() - counted)} more events counted`,
  );

  const wrong = sandbox
    .usage()
    .filter(
      ({ tenant_id, meter_id, total_usage }) => expected.get(`${tenant_id} ${meter_id}`) !== total_usage,
    );
  const same = eventsCounted() === rows && wrong.length === 0 && sandbox.usage().length === expected.size;
  console.log(
    same
      ? `exact: ${count(rows)} events, ${expected.size} sums of usage equal to the file's`
      : `WRONG: ${count(eventsCounted())} events of ${count(rows)}, ${wrong.length} sums differ`,
  );
  if (!same) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
