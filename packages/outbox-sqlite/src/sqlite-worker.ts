import { parentPort, workerData } from "node:worker_threads";
import { sqliteStore } from "./sqlite-store.ts";
import type { StoreAnswer, StoreCall, StoreMethod, StoreOptions } from "./store-call.ts";
import { storeFailure } from "./store-failure.ts";

const options: StoreOptions = workerData;
const methods = sqliteStore(options);

const call = <M extends StoreMethod>({ method, input }: StoreCall<M>) => methods[method](input);

const answer = (request: StoreCall): StoreAnswer => {
  try {
    return { id: request.id, output: call(request) };
  } catch (error) {
    const { kind, message } = storeFailure(error);
    return { id: request.id, failure: kind, message };
  }
};

parentPort?.on("message", (request: StoreCall) => parentPort?.postMessage(answer(request)));
