/** All entries in one module, as they are published: Node loads one file faster than ten. */
export * from "./compose.ts";
export * from "./index.ts";
export * from "./store.ts";
export * from "./transport.ts";
export * from "./wire.ts";
