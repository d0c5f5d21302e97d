// Records batch after batch, and writes the number of a batch to a file when its commit is reported.
import { openSync, writeSync } from "node:fs";
import { sqliteOutbox } from "../src/index.ts";
import { append, commit, ended, events, newEvents } from "./outbox-use.ts";

const [, , path = "", report = "", batches = "0", size = "0"] = process.argv;
const file = openSync(report, "w");
const outbox = sqliteOutbox({ path, thread: "main" });
await outbox.open();
for (let batch = 0; batch < Number(batches); batch++) {
  // With ids that were given, and with ids that were made.
  const recorded = batch % 2 === 0 ? events(Number(size), `batch-${batch}`) : newEvents(Number(size));
  const span = await append(outbox, recorded);
  // Some are acknowledged later on, so that pages of all kinds change.
  if (batch % 3 === 2) await commit(outbox, { end: [ended(span, recorded)] });
  writeSync(file, `${batch}\n`);
}
process.kill(process.pid, "SIGKILL");
