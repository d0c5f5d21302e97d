// Records with an outbox in a thread and ends without closing it.
import { sqliteOutbox } from "../src/index.ts";
import { append, event } from "./outbox-use.ts";

const [, , path = "", how] = process.argv;
const outbox = sqliteOutbox({ path });
await outbox.open();
await append(outbox, [event("awaited")]);
console.log("committed");
void append(outbox, [event("not awaited")]);
if (how === "exit") process.exit(0);
