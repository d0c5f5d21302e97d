import type { Io } from "./io.ts";
import { printLine } from "./print.ts";

/** Says why nothing seems to happen for a moment: what is on its way is awaited. */
export const stopping = async ({ stderr, json }: Io): Promise<void> => {
  if (stderr.isTTY && !json) await printLine(stderr, "Stopping; a second Ctrl-C does not wait.");
};
