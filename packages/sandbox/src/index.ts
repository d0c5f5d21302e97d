export { createSandbox, type Sandbox, type SandboxOptions } from "./sandbox.ts";
export { sandboxLedger } from "./sandbox-ledger.ts";
export type { SandboxOutbox } from "./sandbox-outbox.ts";
export type { UsageQuery, UsageRow } from "./store/usage-query.ts";
