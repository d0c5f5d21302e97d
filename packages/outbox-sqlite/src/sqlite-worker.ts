import { parentPort, workerData } from "node:worker_threads";
import { answerCall } from "./remote-store.ts";
import { sqliteStore } from "./sqlite-store.ts";
import type { StoreCall } from "./store-call.ts";

// The thread of the store. Nothing it imports needs the core at run time.
const methods = sqliteStore(workerData);

parentPort?.on("message", (request: StoreCall) => parentPort?.postMessage(answerCall(methods, request)));
