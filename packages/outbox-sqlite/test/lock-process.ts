// Takes a lock, says so, and has it until it is killed.
import { sqliteStore } from "../src/sqlite-store.ts";

const [, , path = "", name = ""] = process.argv;
const store = sqliteStore({ path, busyTimeoutMs: 10_000 });
await store.open();
const lock = await store.lock(name);
process.send?.(lock !== undefined);
process.on("message", () => {});
