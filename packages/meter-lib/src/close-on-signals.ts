import process from "node:process";

/** What can be closed with a limit of time: a `MeterClient`. */
export interface ClosableClient {
  close(options: { readonly timeoutMs?: number }): Promise<unknown>;
}

export interface CloseOnSignalsOptions {
  /** Which signals end the process. @default ["SIGTERM", "SIGINT"] */
  readonly signals?: readonly NodeJS.Signals[];
  /** How long each client may go on delivering, in milliseconds. @default the client's, 10_000 */
  readonly timeoutMs?: number;
}

/**
 * On the first of the signals, closes the clients (each delivers what it can), then raises the signal again, so that the
 * process ends as it would have ended without. A second signal does not wait. Give all clients in one call: the process ends when
 * all are closed.
 *
 * The process also ends when closing fails. Other listeners of the signal are called again when it is raised again.
 *
 * @returns a function that removes the hooks
 */
export const closeOnSignals = (
  clients: ClosableClient | readonly ClosableClient[],
  { signals = ["SIGTERM", "SIGINT"], timeoutMs }: CloseOnSignalsOptions = {},
): (() => void) => {
  const all = "close" in clients ? [clients] : clients;
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  const remove = () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    remove();
    await Promise.allSettled(all.map(async (client) => client.close(options)));
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return remove;
};
