import { MeterError } from "@meter-lib/core";

/** What went wrong with a database, in the words of a caller. */
export const storeFailure = (name: string, error: unknown): MeterError => {
  if (error instanceof MeterError) return error;
  const isFull = error instanceof Error && error.name === "QuotaExceededError";
  const words = error instanceof Error ? error.message || error.name : String(error);
  const hint = isFull ? "the browser gives no more room: " : "";
  return new MeterError(isFull ? "no_room" : "outbox_failed", `${name}: ${hint}${words}`, { cause: error });
};
