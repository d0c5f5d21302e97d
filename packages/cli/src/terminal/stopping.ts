import type { Io } from "./io.ts";
import { printLine } from "./print.ts";

/** Explains why the command does not end at once: it waits for events in flight. */
export const stopping = async ({ stderr, json }: Io): Promise<void> => {
  if (stderr.isTTY && !json) await printLine(stderr, "Stopping. Press Ctrl-C again to stop at once.");
};
