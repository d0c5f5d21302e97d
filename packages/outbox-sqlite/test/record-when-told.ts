// Records an event with each message it gets, and says what became of it.
import { sqliteOutbox } from "../src/index.ts";
import { append, event } from "./outbox-use.ts";

const outbox = sqliteOutbox({ path: process.argv[2] ?? "", thread: "main" });
await outbox.open();
process.on("message", async (id) => {
  try {
    await append(outbox, [event(String(id))]);
    process.send?.("recorded");
  } catch (error) {
    process.send?.(error instanceof Error ? error.name : "");
  }
});
process.send?.("open");
