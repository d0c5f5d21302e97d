import { MessageChannel } from "node:worker_threads";
import { logOutbox, type Outbox } from "@meter-lib/core/store";
import { answerCalls, type OutboxAnswer, type OutboxCall } from "../src/outbox-call.ts";
import { remoteOutbox } from "../src/remote-outbox.ts";
import type { OutboxSettings } from "../src/sqlite-outbox-options.ts";
import { sqliteStore } from "../src/sqlite-store.ts";

/** The outbox in this thread, reached by messages as if it were in another: all of a worker but the cost of starting one. */
export const outboxOverChannel = (settings: OutboxSettings): Outbox =>
  remoteOutbox(settings, (near) => {
    const { port1: port, port2: far } = new MessageChannel();
    const answer = answerCalls(logOutbox(sqliteStore(settings.store), settings.log));
    far.on("message", async (call: OutboxCall) => far.postMessage(await answer(call)));
    port.on("message", (given: OutboxAnswer) => near.receive(given));
    return { post: (call) => port.postMessage(call), setBusy: () => {}, end: () => port.close() };
  });
