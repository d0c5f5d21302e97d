import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child, numberIn } from "../harness/child.ts";
import { preciseNow } from "../harness/clock.ts";
import type { Measure } from "../harness/measure.ts";
import { SinkProcess } from "../harness/sink-process.ts";
import { median, spread } from "../harness/statistics.ts";

interface Drained {
  /** From the start of the process's client until the first event arrived. */
  readonly firstAfterMs: number;
  readonly allAfterMs: number;
  readonly lost: number;
}

/** How soon a backlog is gone once there is a receiver again. */
export const drain: Measure = {
  name: "drain",
  about: "how long a backlog in the SQLite file takes to leave once the receiver is back",
  defaults: { rounds: 3, events: 100_000 },
  run: async ({ rounds, events }) => {
    const afterRestart: Drained[] = [];
    const whileRunning: Drained[] = [];
    for (let round = 1; round <= rounds; round++) {
      afterRestart.push(await restart(events));
      whileRunning.push(await outage(events));
    }
    const row = (what: string, drained: readonly Drained[]) => {
      const rates = drained.map(({ allAfterMs }) => (events / allAfterMs) * 1_000);
      return {
        backlog: what,
        events,
        "first event after ms": Math.round(median(drained.map(({ firstAfterMs }) => firstAfterMs))),
        "all after ms": Math.round(median(drained.map(({ allAfterMs }) => allAfterMs))),
        "events/s": Math.round(median(rates)),
        spread: spread(rates, 0),
        lost: drained.reduce((sum, { lost }) => sum + lost, 0),
      };
    };
    return {
      tables: [
        {
          rows: [
            row("left by a process that ended", afterRestart),
            row("of a process that went on, told by retryNow()", whileRunning),
          ],
        },
      ],
      notes: ["Lost below zero would be events that arrived twice."],
      readings: { afterRestart, whileRunning },
    };
  },
};

/** A process records while nobody listens and ends; the next one finds the file, and a receiver. */
const restart = async (events: number): Promise<Drained> => {
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-bench-"));
  try {
    const file = join(folder, "outbox.db");
    const port = await freePort();
    await using first = recorder(file, port, events);
    await first.next();
    await first.ask({ close: true });
    await first.ended();
    await using sink = await SinkProcess.start(port);
    await using second = recorder(file, port, 0);
    const startedAt = numberIn(await second.next(), "startedAt");
    return await drained(second, sink, startedAt, events);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** The receiver comes back while the process that recorded still runs. */
const outage = async (events: number): Promise<Drained> => {
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-bench-"));
  try {
    const port = await freePort();
    await using child = recorder(join(folder, "outbox.db"), port, events);
    await child.next();
    await using sink = await SinkProcess.start(port);
    return await drained(child, sink, preciseNow(), events);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const recorder = (file: string, port: number, events: number): Child =>
  new Child(import.meta.resolve("./record-and-drain.ts"), { args: [file, port, events] });

const drained = async (
  child: Child,
  sink: SinkProcess,
  startedAt: number,
  events: number,
): Promise<Drained> => {
  await child.ask({ flush: true });
  const { firstArrival, lastArrival, events: arrived } = await sink.settled(events);
  await child.ask({ close: true });
  return {
    firstAfterMs: firstArrival - startedAt,
    allAfterMs: lastArrival - startedAt,
    lost: events - arrived,
  };
};

/** A port that had a listener until just now. */
const freePort = async (): Promise<number> => {
  await using sink = await SinkProcess.start();
  return sink.port;
};
