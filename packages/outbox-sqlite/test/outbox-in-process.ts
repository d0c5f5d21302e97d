import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Outbox } from "@meter-lib/core";
import { RemoteStore } from "../src/remote-store.ts";
import { outboxOn } from "../src/sqlite-outbox.ts";
import { storeOptions } from "../src/sqlite-outbox-options.ts";
import type { StoreAnswer } from "../src/store-call.ts";

export interface OutboxInProcess {
  readonly outbox: Outbox;
  readonly child: ChildProcess;
  /** `kill -9`; resolves when the process has ended. */
  kill(): Promise<void>;
}

/** An outbox whose store is in another process. */
export const outboxInProcess = (path: string): OutboxInProcess => {
  const child = fork(fileURLToPath(new URL("./store-process.ts", import.meta.url)), [path], {
    execArgv: ["--conditions=source"],
    serialization: "advanced",
  });
  const store = new RemoteStore({ post: (call) => child.send(call), setBusy: () => {} });
  child.on("message", (answer: StoreAnswer) => store.receive(answer));
  child.on("exit", () => store.end("the process of the outbox has ended"));
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const thread = { call: store.call.bind(store), stop: kill };
  return { outbox: outboxOn(storeOptions({ path }), () => thread), child, kill };
};
