export type { SandboxOutbox } from "./http/sandbox-outbox.ts";
export { createSandbox, type Sandbox, type SandboxOptions } from "./sandbox.ts";
export { sandboxLedger } from "./sandbox-ledger.ts";
export type { UsageQuery, UsageRow } from "./store/usage-query.ts";
