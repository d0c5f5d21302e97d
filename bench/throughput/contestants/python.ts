import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Contestant, Load, ProcessCost } from "../contestant.ts";
import { usage } from "./usage.ts";

const run = promisify(execFile);
const VERSION = "0.1.0";
const LIBRARY = new URL(`../../node_modules/.cache/python-meter-lib-${VERSION}`, import.meta.url).pathname;

const install = async (): Promise<string | undefined> => {
  if (existsSync(`${LIBRARY}/meter_lib`)) return undefined;
  const quietly = [
    "--quiet",
    "--no-input",
    "--disable-pip-version-check",
    "--no-cache-dir",
    "--retries",
    "0",
  ];
  try {
    await run("python3", ["-m", "pip", "install", ...quietly, "--target", LIBRARY, `meter-lib==${VERSION}`]);
    return undefined;
  } catch (error) {
    const [why = ""] = error instanceof Error ? error.message.split("\n") : [];
    return `python3 and pip cannot install it (${why})`;
  }
};

/** Reads a number of events, posts as many, answers with what this process took so far. */
const PROGRAM = `
import json, resource, sys
from concurrent.futures import ThreadPoolExecutor
from meter_lib import post_meter_usage
url, threads, event = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
pool = ThreadPoolExecutor(threads)
post = lambda _: post_meter_usage(**event, kafka_url=url, portal_url=url, api_key="key")
for line in sys.stdin:
    list(pool.map(post, range(int(line))))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([int((used.ru_utime + used.ru_stime) * 1e6), used.ru_maxrss * 1024]), flush=True)
`;

const python = async (url: string, threads: number): Promise<Load> => {
  const child = spawn("python3", ["-c", PROGRAM, url, String(threads), JSON.stringify(usage(0))], {
    env: { PATH: process.env.PATH, PYTHONPATH: LIBRARY, NO_PROXY: "127.0.0.1" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  // It ends with the end of its input, and so with this process.
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let waiting = 0;
  let cost: ProcessCost = { cpuMicros: 0, peakRssBytes: 0 };
  return {
    send: () => {
      waiting++;
    },
    flush: async () => {
      child.stdin.write(`${waiting}\n`);
      waiting = 0;
      const { value, done } = await lines.next();
      if (done) throw new Error("Python ended");
      const [cpuMicros, peakRssBytes] = JSON.parse(value);
      cost = { cpuMicros: Number(cpuMicros), peakRssBytes: Number(peakRssBytes) };
    },
    close: async () => {
      child.stdin.end();
    },
    cost: () => cost,
  };
};

const contestant = (name: string, threads: number): Contestant => ({
  name,
  promise: "none",
  requests: "single",
  share: 0.01,
  missing: install,
  prepare: (url) => python(url, threads),
});

/** The library that this one is compatible with: each call looks up the customer, then posts. */
export const pythonMeterLib: readonly Contestant[] = [
  contestant("meter-lib 0.1.0 for Python", 1),
  contestant("meter-lib 0.1.0 for Python, 4 threads", 4),
];
