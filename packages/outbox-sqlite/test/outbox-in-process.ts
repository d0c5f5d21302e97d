import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LogOptions, Outbox } from "@meter-lib/core/store";
import type { OutboxAnswer } from "../src/outbox-call.ts";
import { remoteOutbox } from "../src/remote-outbox.ts";
import { outboxSettings } from "../src/sqlite-outbox-options.ts";

export interface OutboxInProcess {
  readonly outbox: Outbox;
  readonly child: ChildProcess;
  /** `kill -9`; resolves when the process has ended. */
  kill(): Promise<void>;
}

/** An outbox that works in another process. */
export const outboxInProcess = (path: string, log?: LogOptions): OutboxInProcess => {
  const defaults = outboxSettings({ path });
  const settings = { store: defaults.store, log: log ?? defaults.log };
  const script = fileURLToPath(new URL("./outbox-process.ts", import.meta.url));
  const child = fork(script, [JSON.stringify(settings)], {
    execArgv: ["--conditions=source"],
    serialization: "advanced",
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const outbox = remoteOutbox(settings, (near) => {
    child.on("message", (answer: OutboxAnswer) => near.receive(answer));
    child.on("exit", () => near.ended("the process of the outbox has ended"));
    return { post: (call) => child.send(call), setBusy: () => {}, end: () => child.kill("SIGKILL") };
  });
  return { outbox, child, kill };
};
