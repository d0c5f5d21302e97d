import { workerData } from "node:worker_threads";
import { logOutbox } from "@meter-lib/core/store";
import { answerCalls, type OutboxCall } from "./outbox-call.ts";
import type { ThreadInput } from "./outbox-thread.ts";
import { sqliteStore } from "./sqlite-store.ts";

const { settings, port }: ThreadInput = workerData;
const answer = answerCalls(logOutbox(sqliteStore(settings.store), settings.log));

port.on("message", async (call: OutboxCall) => port.postMessage(await answer(call)));
