import { constants } from "node:os";
import process from "node:process";
import {
  describeValue,
  type EventIssue,
  foreignOptions,
  MeterError,
  type OptionNames,
} from "@meter-lib/core/transport";

/** An object that can be closed within a time limit, such as a `MeterClient`. */
export interface ClosableClient {
  close(options: { readonly timeoutMs?: number }): Promise<unknown>;
}

export interface CloseOnSignalsOptions {
  /**
   * Stops what still records, before the clients are closed: `() => app.close()`. Its promise is awaited. If it throws, rejects or
   * takes too long, a message is printed and the clients are closed anyway.
   * @default nothing
   */
  readonly before?: () => unknown;
  /** How long `before` may take, in milliseconds. @default 10_000 */
  readonly beforeTimeoutMs?: number;
  /** How long each client may continue to deliver, in milliseconds. @default the client's, 10_000 */
  readonly timeoutMs?: number;
  /** The signals that end the process. @default ["SIGTERM", "SIGINT"] */
  readonly signals?: readonly NodeJS.Signals[];
}

/**
 * On the first signal, stops what still records (`before`), closes the clients (each delivers what it can), and ends the process
 * with the same signal, or, as process 1 of a container, which no such signal ends, with the exit code 128 + its number. A second
 * signal ends it at once. Pass all clients in one call: the process ends when all are closed, even if closing fails.
 *
 * Other listeners of the signal run at the same time and do not delay the end. What must stop first belongs in `before`: a
 * closed client would refuse the usage of a server that still serves.
 *
 * @example
 * ```ts
 * closeOnSignals(client, { before: () => app.close() });
 * ```
 *
 * @returns a function that removes the hooks
 * @throws MeterError `invalid_options`: at the signal it would be too late
 */
export const closeOnSignals = (
  clients: ClosableClient | readonly ClosableClient[],
  given: CloseOnSignalsOptions = {},
): (() => void) => {
  const all = "close" in clients ? [clients] : clients;
  checkOptions(all, given);
  const { before, beforeTimeoutMs = 10_000, timeoutMs, signals = ["SIGTERM", "SIGINT"] } = given;
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  const remove = () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    remove();
    for (const other of signals) process.once(other, end);
    if (before !== undefined) await runBefore(before, beforeTimeoutMs);
    await Promise.allSettled(all.map(async (client) => client.close(options)));
    end(signal);
  };
  const end = (signal: NodeJS.Signals): void => {
    for (const other of signals) process.off(other, end);
    // The kernel ignores the signal for process 1, and a listener prevents its default for any process.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return remove;
};

const OPTIONS: OptionNames<CloseOnSignalsOptions> = {
  before: true,
  beforeTimeoutMs: true,
  timeoutMs: true,
  signals: true,
};

const checkOptions = (clients: unknown, given: CloseOnSignalsOptions): void => {
  const issues: EventIssue[] = [...foreignOptions("", given, OPTIONS)];
  const expect = (field: string, value: unknown, isRight: boolean, expected: string) => {
    if (!isRight) issues.push({ field, given: describeValue(value), expected });
  };
  const areClosable = Array.isArray(clients) && clients.every((one) => typeof one?.close === "function");
  expect("clients", clients, areClosable, "a client, or a list of clients");
  const { before, beforeTimeoutMs, timeoutMs } = given;
  expect("before", before, before === undefined || typeof before === "function", "a function");
  for (const [field, value] of Object.entries({ beforeTimeoutMs, timeoutMs }))
    expect(field, value, value === undefined || (typeof value === "number" && value >= 0), "a number ≥ 0");
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};

/** Never rejects. */
const runBefore = async (before: () => unknown, timeoutMs: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`no end within ${timeoutMs} ms`));
    timer = setTimeout(fail, Math.min(timeoutMs, LONGEST_TIMER_MS));
  });
  try {
    await Promise.race([late, Promise.resolve().then(before)]);
  } catch (error) {
    console.error(
      "meter-lib: `before` of closeOnSignals() failed; the clients are closed all the same:",
      error,
    );
  } finally {
    clearTimeout(timer);
  }
};

// setTimeout takes at most 31 bits.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
