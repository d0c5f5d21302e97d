import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { sqliteStore } from "./sqlite-store.ts";
import type { StoreAnswer, StoreInputs, StoreMethod, StoreOptions, StoreOutputs } from "./store-call.ts";
import { StoreFailure, storeFailure } from "./store-failure.ts";

/** Where the store does its work. Fails with a {@link StoreFailure}. */
export interface StoreThread {
  call<M extends StoreMethod>(method: M, input: StoreInputs[M]): Promise<StoreOutputs[M]>;
  stop(): Promise<void>;
}

interface Pending {
  resolve(output: StoreOutputs[StoreMethod]): void;
  reject(error: StoreFailure): void;
}

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
  const url = new URL(
    import.meta.url.endsWith(".ts") ? "./sqlite-worker.ts" : "./sqlite-worker.js",
    import.meta.url,
  );
  if (!existsSync(fileURLToPath(url))) {
    throw new StoreFailure(
      "io",
      `${fileURLToPath(url)} is missing: leave @meter-lib/outbox-sqlite out of the bundle, or use thread: "main"`,
    );
  }
  // No flags of the process: a loader or an inspector port given there is not meant for this thread.
  const worker = new Worker(url, { workerData: options, execArgv: [], name: "meter-outbox" });
  worker.unref();

  const pending = new Map<number, Pending>();
  let lastId = 0;
  let gone: StoreFailure | undefined;

  const end = (reason: string): void => {
    gone ??= new StoreFailure("io", `the thread of the outbox ended: ${reason}`);
    for (const { reject } of pending.values()) reject(gone);
    pending.clear();
  };
  worker.on("error", (error) => end(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => end(`exit code ${code}`));
  worker.on("message", (answer: StoreAnswer) => {
    const call = pending.get(answer.id);
    pending.delete(answer.id);
    if (pending.size === 0) worker.unref();
    if ("failure" in answer) call?.reject(new StoreFailure(answer.failure, answer.message));
    else call?.resolve(answer.output);
  });

  return {
    call: <M extends StoreMethod>(method: M, input: StoreInputs[M]) =>
      new Promise<StoreOutputs[M]>((resolve, reject) => {
        if (gone !== undefined) {
          reject(gone);
          return;
        }
        lastId++;
        const answered: (output: StoreOutputs[M]) => void = resolve;
        worker.postMessage({ id: lastId, method, input });
        pending.set(lastId, { resolve: answered, reject });
        worker.ref();
      }),
    stop: async () => {
      await worker.terminate();
    },
  };
};
