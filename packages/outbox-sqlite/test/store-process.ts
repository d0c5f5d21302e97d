// The store in a process of its own, driven by messages: something that can be killed.
import { answerCall } from "../src/remote-store.ts";
import { storeOptions } from "../src/sqlite-outbox-options.ts";
import { sqliteStore } from "../src/sqlite-store.ts";
import type { StoreCall } from "../src/store-call.ts";

const methods = sqliteStore(storeOptions({ path: process.argv[2] ?? "" }));

process.on("message", (request: StoreCall) => process.send?.(answerCall(methods, request)));
