// The outbox in a process of its own, driven by messages: something that can be killed.
import { cpSync } from "node:fs";
import { logOutbox } from "@meter-lib/core/store";
import { answerCalls, type OutboxCall } from "../src/outbox-call.ts";
import { sqliteStore } from "../src/sqlite-store.ts";

const { store, log } = JSON.parse(process.argv[2] ?? "");
const answer = answerCalls(logOutbox(sqliteStore(store), log));

process.on("message", async (call: OutboxCall | { readonly copy: readonly [from: string, to: string] }) => {
  if ("copy" in call) cpSync(...call.copy, { recursive: true });
  else process.send?.(await answer(call));
});
