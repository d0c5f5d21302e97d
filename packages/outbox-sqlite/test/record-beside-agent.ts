// Records in a process into whose threads an agent is preloaded, that ends the outbox's thread once.
import { existsSync, writeFileSync } from "node:fs";
import { sqliteOutbox } from "../src/index.ts";
import { append, claimIds, event } from "./outbox-use.ts";

const [, , path = ""] = process.argv;
const flag = process.env.END_THREAD_WHEN ?? "";
const outbox = sqliteOutbox({ path });
await outbox.open();
await append(outbox, [event("first")]);
const outcomes: string[] = [];
if (flag !== "") {
  writeFileSync(flag, "");
  for (let index = 0; existsSync(flag); index++) {
    try {
      await append(outbox, [event(`meanwhile-${index}`)]);
    } catch (error) {
      outcomes.push(error instanceof Error ? error.name : "");
    }
  }
  // The thread may end only now; the calls after that are a new one's.
  for (let index = 0; index < 20; index++) {
    try {
      await append(outbox, [event(`after-${index}`)]);
    } catch (error) {
      outcomes.push(error instanceof Error ? error.name : "");
    }
  }
}
await append(outbox, [event("last")]);
const accounts = await outbox.accounts();
console.log(JSON.stringify({ outcomes, accounts, claimed: await claimIds(outbox) }));
await outbox.close();
