import { parseArgs } from "node:util";
import { isMeterError } from "@meter-lib/core";
import { createSandbox, type SandboxOptions } from "./sandbox.ts";

const HELP = `A local metering backend.

  pnpm sandbox [--port 8099] [--host 0.0.0.0] [--file usage.db] [--tenant tenant_123=cust_001]... [--api-key KEY]...

  --port     port; 0 picks a free one (default: 0)
  --host     address to listen on (default: 127.0.0.1). On addresses other than loopback, every request
             needs the token in the URL
  --file     SQLite file for all data (default: in memory)
  --tenant   a tenant and the customer who pays for it; repeatable
  --api-key  an API key that the portal's lookup requires; repeatable
  --help     show help

The first line on standard output is the URL.`;

class UsageError extends Error {}

const tenantOf = (text: string): [string, string] => {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) {
    throw new UsageError(`--tenant: expected tenant=customer, got ${JSON.stringify(text)}`);
  }
  return [text.slice(0, at), text.slice(at + 1)];
};

const portOf = (text: string): number => {
  if (!/^\d{1,5}$/.test(text))
    throw new UsageError(`--port: expected 0 to 65535, got ${JSON.stringify(text)}`);
  return Number(text);
};

const readFlags = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string", default: "0" },
        host: { type: "string", default: "127.0.0.1" },
        file: { type: "string" },
        tenant: { type: "string", multiple: true, default: [] },
        "api-key": { type: "string", multiple: true, default: [] },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

const optionsOf = (flags: ReturnType<typeof readFlags>): SandboxOptions => ({
  port: portOf(flags.port),
  host: flags.host,
  ...(flags.file === undefined ? undefined : { file: flags.file }),
  tenants: Object.fromEntries(flags.tenant.map(tenantOf)),
  apiKeys: flags["api-key"],
});

const main = async (args: readonly string[]): Promise<void> => {
  const flags = readFlags(args);
  if (flags.help) {
    console.log(HELP);
    return;
  }
  const sandbox = await createSandbox(optionsOf(flags));
  console.log(sandbox.url);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void sandbox.close());
};

main(process.argv.slice(2)).catch((error: unknown) => {
  const mistake = error instanceof UsageError || isMeterError(error);
  console.error(mistake ? `${error.message}\nTry --help.` : error);
  process.exitCode = mistake ? 2 : 1;
});
