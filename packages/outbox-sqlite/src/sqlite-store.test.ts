import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { storeConformance } from "@meter-lib/testing";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteStore } from "./sqlite-store.ts";

const lockProcess = fileURLToPath(new URL("../test/lock-process.ts", import.meta.url));

storeConformance({
  name: "sqliteStore",
  durable: true,
  create: () => {
    const place = storeFolder();
    return {
      store: () => sqliteStore({ path: place.path, busyTimeoutMs: 10_000 }),
      lockElsewhere: async (name) => {
        const child = fork(lockProcess, [place.path, name], { execArgv: ["--conditions=source"] });
        const [isTaken] = await once(child, "message");
        if (isTaken !== true) throw new Error(`the other process did not get the lock ${name}`);
        return {
          kill: async () => {
            child.kill("SIGKILL");
            await once(child, "exit");
          },
        };
      },
      dispose: () => place[Symbol.dispose](),
    };
  },
});
