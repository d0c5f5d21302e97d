export { createSandbox, type Sandbox, type SandboxOptions } from "./sandbox.ts";
export type { UsageQuery, UsageRow } from "./store/usage-query.ts";
