export { type SqliteDedupOptions, sqliteDedup } from "./sqlite-dedup.ts";
