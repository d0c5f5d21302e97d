import { MessageChannel } from "node:worker_threads";
import { answerCall, RemoteStore, type StoreThread } from "../src/remote-store.ts";
import { sqliteStore } from "../src/sqlite-store.ts";
import type { StoreAnswer, StoreCall, StoreOptions } from "../src/store-call.ts";

/** The store in this thread, reached by messages as if it were in another: all of a worker but the cost of starting one. */
export const channelStore = (options: StoreOptions): StoreThread => {
  const methods = sqliteStore(options);
  const { port1: near, port2: far } = new MessageChannel();
  const store = new RemoteStore({ post: (call) => near.postMessage(call), setBusy: () => {} });
  near.on("message", (answer: StoreAnswer) => store.receive(answer));
  far.on("message", (call: StoreCall) => far.postMessage(answerCall(methods, call)));
  return { call: (method, input) => store.call(method, input), stop: async () => near.close() };
};
