import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { OutboxAnswer } from "./outbox-call.ts";
import type { FarEnd, NearEnd } from "./remote-outbox.ts";
import type { OutboxSettings } from "./sqlite-outbox-options.ts";

/** The arguments of the thread. */
export interface ThreadInput {
  readonly settings: OutboxSettings;
  readonly port: MessagePort;
}

/** Starts the thread of an outbox. It keeps the process alive only while it is busy. */
export const outboxThread =
  (file: URL, settings: OutboxSettings) =>
  (near: NearEnd): FarEnd => {
    // Use a separate channel: anything preloaded into the process may post on the thread's own port.
    const { port1: port, port2 } = new MessageChannel();
    const workerData: ThreadInput = { settings, port: port2 };
    // Pass no flags of the process: its loaders or inspector port are not meant for this thread. Sources import sources.
    const execArgv = file.pathname.endsWith(".ts") ? ["--conditions=source"] : [];
    const worker = new Worker(file, { workerData, transferList: [port2], execArgv, name: "meter-outbox" });
    worker.unref();
    worker.on("error", (error) => {
      near.ended(`the outbox's thread failed: ${error instanceof Error ? error.message : String(error)}`);
    });
    worker.on("exit", (code) => near.ended(`the outbox's thread ended with exit code ${code}`));
    port.on("message", (answer: OutboxAnswer) => near.receive(answer));
    port.unref();
    return {
      post: (call) => port.postMessage(call),
      setBusy: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
      end: () => {
        port.close();
        void worker.terminate();
      },
    };
  };
