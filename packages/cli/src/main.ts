#!/usr/bin/env node
import process from "node:process";
import { EXIT } from "./exit-code.ts";
import { processOutput } from "./terminal/process-output.ts";
import { tooOld } from "./too-old.ts";

const BY_SIGNAL = 128;
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

// Nobody reads any more (`| head`): not an error, and nothing is left to say.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

const stop = new AbortController();
for (const [signal, number] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    // The second one does not wait. What is on disk is whole at every moment.
    if (stop.signal.aborted) process.exit(BY_SIGNAL + number);
    stop.abort();
  });
}

/** Loaded only where it can run. */
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
