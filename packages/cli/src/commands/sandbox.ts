import { createSandbox, type SandboxOptions } from "@meter-lib/sandbox";
import { Command } from "commander";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../exit-code.ts";
import { count } from "../flags/count.ts";
import { list, pairs } from "../flags/pair.ts";
import type { Report } from "../report.ts";
import type { Invoke } from "../run-meter.ts";
import { aborted } from "../terminal/aborted.ts";
import type { Io } from "../terminal/io.ts";

export interface SandboxFlags {
  readonly port: number;
  readonly file?: string;
  readonly tenant?: Readonly<Record<string, string>>;
  readonly apiKey?: readonly string[];
  readonly catalog?: string;
}

/** Runs a backend until Ctrl-C. Its URL is the first line of standard output. */
export const sandbox = async (flags: SandboxFlags, io: Io): Promise<Report> => {
  const options: SandboxOptions = {
    port: flags.port,
    tenants: flags.tenant ?? {},
    apiKeys: flags.apiKey ?? [],
    ...(flags.file === undefined ? {} : { file: flags.file }),
    ...(flags.catalog === undefined ? {} : { catalog: await readCatalogFile(flags.catalog) }),
  };
  await using running = await createSandbox(options);
  await io.stdout.write(io.json ? `${JSON.stringify({ url: running.url })}\n` : `${running.url}\n`);
  if (io.stderr.isTTY) {
    const { dim } = io.stderr.paint;
    const env = `METER_LIB_BASE_URL=${running.url}`;
    await io.stderr.write(dim(`In another terminal: export ${env}\nCtrl-C ends it.\n`));
  }
  await aborted(io.signal);
  return { exit: EXIT.done, text: "", data: undefined };
};

export const sandboxCommand = (invoke: Invoke): Command =>
  new Command("sandbox")
    .description("run a metering backend on this machine")
    .option("--port <number>", "port on 127.0.0.1; 0 picks a free one", count("--port", 0, 65_535), 0)
    .option("--file <file>", "SQLite file to keep everything in; else memory")
    .option(
      "--tenant <tenant=customer>",
      "a tenant and the customer who pays for it; may be repeated",
      pairs("--tenant", "tenant=customer"),
    )
    .option("--api-key <key>", "a key that the portal's lookup asks for; may be repeated", list)
    .option("--catalog <file>", "the meters it knows; else litewave")
    .addHelpText(
      "after",
      `
Example:
  $ meter sandbox --port 8099 --file usage.db --tenant tenant_123=cust_001`,
    )
    .action((flags: SandboxFlags, command: Command) => invoke(command, (io) => sandbox(flags, io)));
