// What a contestant is, and the process that runs one: `node contestant.ts NAME URL EVENTS`.
import { contestants } from "./contestants/index.ts";

/** One way to bring events to a backend. */
export interface Contestant {
  readonly name: string;
  /** What it promises about an event that `send` has taken: only those with the same promise compare fairly. */
  readonly promise: "durable before it leaves" | "in memory" | "none";
  /** Prepares a client; what it answers takes events and delivers them. */
  prepare(url: string): Promise<Load>;
}

export interface Load {
  /** Takes one event; may wait when the client asks for it. */
  send(index: number): void | Promise<void>;
  /** Delivers what was taken. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface RunReport {
  readonly startedAt: number;
  readonly cpuMicros: number;
  readonly peakRssBytes: number;
}

const EVENTS_PER_TURN = 100;

const run = async (load: Load, from: number, count: number): Promise<void> => {
  for (let sent = 0; sent < count; sent++) {
    const waiting = load.send(from + sent);
    if (waiting !== undefined) await waiting;
    // A service records between other work: the event loop turns.
    if (sent % EVENTS_PER_TURN === EVENTS_PER_TURN - 1)
      await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await load.flush();
};

if (import.meta.main) {
  const [name, url = "", warmUp = "0", events = "0"] = process.argv.slice(2);
  const contestant = contestants.find((candidate) => candidate.name === name);
  if (contestant === undefined) throw new Error(`no contestant ${JSON.stringify(name)}`);
  const load = await contestant.prepare(url);
  await run(load, 0, Number(warmUp));
  process.send?.({ warm: true });
  await new Promise((resolve) => process.once("message", resolve));
  const cpu = process.cpuUsage();
  const startedAt = Date.now();
  await run(load, Number(warmUp), Number(events));
  const { user, system } = process.cpuUsage(cpu);
  const report: RunReport = {
    startedAt,
    cpuMicros: user + system,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
  process.send?.(report);
  await load.close();
  process.disconnect();
}
