#!/usr/bin/env node
import process from "node:process";
import { EXIT } from "./errors/exit-code.ts";
import { processOutput } from "./terminal/process-output.ts";
import { tooOld } from "./too-old.ts";

const BY_SIGNAL = 128;
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

// The reader has gone (`| head`): not an error, and there is nobody to report to.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

const stop = new AbortController();
for (const [signal, number] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    // The second Ctrl-C does not wait. The file on disk is always consistent.
    if (stop.signal.aborted) process.exit(BY_SIGNAL + number);
    stop.abort();
  });
}

/** Loaded only if the runtime is new enough. */
const run = async (): Promise<number> => {
  const { runMeter } = await import("./run-meter.ts");
  return runMeter(process.argv.slice(2), {
    stdout: processOutput(process.stdout, process.env),
    stderr: processOutput(process.stderr, process.env),
    signal: stop.signal,
  });
};

const problem = tooOld(process.versions.node);
if (problem === undefined) process.exitCode = await run();
else {
  process.stderr.write(`error: ${problem}\n`);
  process.exitCode = EXIT.usage;
}
