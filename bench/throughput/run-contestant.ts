// The process that runs one contestant: `node run-contestant.ts NAME URL WARM-UP EVENTS`.
import type { Load } from "./contestant.ts";
import { contestants } from "./contestants/index.ts";

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
