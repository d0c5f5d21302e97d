import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { RemoteStore, type StoreThread } from "./remote-store.ts";
import { sqliteStore } from "./sqlite-store.ts";
import type { StoreAnswer, StoreOptions } from "./store-call.ts";
import { StoreFailure, storeFailure } from "./store-failure.ts";

/** The store in the calling thread: each call stalls it until the disk has answered. */
export const mainThread = (options: StoreOptions): StoreThread => {
  const methods = sqliteStore(options);
  return {
    call: async (method, input) => {
      try {
        return methods[method](input);
      } catch (error) {
        throw storeFailure(error);
      }
    },
    stop: async () => {},
  };
};

/** The store in a worker thread. It keeps the process alive only while a call is under way. */
export const workerThread = (options: StoreOptions): StoreThread => {
  const name = import.meta.url.endsWith(".ts") ? "./sqlite-worker.ts" : "./sqlite-worker.js";
  const file = fileURLToPath(new URL(name, import.meta.url));
  if (!existsSync(file)) {
    throw new StoreFailure(
      "io",
      `${file} is missing: leave @meter-lib/outbox-sqlite out of the bundle, or use thread: "main"`,
    );
  }
  // No flags of the process: a loader or an inspector port given there is not meant for this thread.
  const worker = new Worker(file, { workerData: options, execArgv: [], name: "meter-outbox" });
  worker.unref();
  const store = new RemoteStore({
    post: (call) => worker.postMessage(call),
    setBusy: (busy) => (busy ? worker.ref() : worker.unref()),
  });
  worker.on("message", (answer: StoreAnswer) => store.receive(answer));
  worker.on("error", (error) => store.end(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => store.end(`the thread of the outbox ended with exit code ${code}`));
  return {
    call: (method, input) => store.call(method, input),
    stop: async () => {
      await worker.terminate();
    },
  };
};
