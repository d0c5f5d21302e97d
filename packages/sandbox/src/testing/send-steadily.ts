// Posts events to a sandbox at a steady rate until it is told to stop: `node send-steadily.ts '{ "url": …, "rate": … }'`. A process of
// its own, so that what it takes is not taken for the sandbox's.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { postRecords } from "./post-events.ts";

/** What is sent. */
export interface SteadyEvents {
  readonly url: string;
  /** Events a second. */
  readonly rate: number;
  readonly meters: readonly string[];
  /** Tenant `tenant_N` and customer `cust_N`, for N from 0. */
  readonly tenants: number;
  readonly customers: number;
  /** When they were used, in milliseconds since the epoch. @default now */
  readonly at?: number | undefined;
}

const BATCH = 500;
const PRODUCER = `sender_${process.pid}`;

const recordOf = (n: number, { meters, tenants, customers, at = Date.now() }: SteadyEvents) => {
  const tenant = n % tenants;
  return {
    meter_id: meters[n % meters.length],
    customer_id: `cust_${tenant % customers}`,
    total_usage: 1,
    event_time: at,
    metadata: {
      "meter.event_id": `${PRODUCER}-${n}`,
      "meter.tenant_id": `tenant_${tenant}`,
      "meter.producer": PRODUCER,
      "meter.seq": `${n + 1}`,
    },
  };
};

const send = async (events: SteadyEvents): Promise<void> => {
  const started = performance.now();
  for (let sent = 0; ; sent += BATCH) {
    const ahead = (sent / events.rate) * 1000 - (performance.now() - started);
    if (ahead > 0) await wait(ahead);
    const values = Array.from({ length: BATCH }, (_, place) => recordOf(sent + place, events));
    const answer = await postRecords(events.url, values);
    if (!answer.ok) throw new Error(await answer.text());
    await answer.arrayBuffer();
  }
};

/** Starts the process; disposed of, it has ended. */
export const sendSteadily = (events: SteadyEvents): AsyncDisposable => {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [JSON.stringify(events)]);
  const ended = once(child, "exit");
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await ended;
    },
  };
};

if (import.meta.main) await send(JSON.parse(process.argv[2] ?? "{}"));
