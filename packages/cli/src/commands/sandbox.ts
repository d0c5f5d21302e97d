import { createSandbox, type SandboxOptions } from "@meter-lib/sandbox";
import type { Command } from "commander";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../errors/exit-code.ts";
import { count } from "../flags/count.ts";
import { list, pairs } from "../flags/pair.ts";
import type { Invoke } from "../invoke.ts";
import { ObservedOutbox } from "../outbox/observed-outbox.ts";
import { aborted } from "../terminal/aborted.ts";
import type { Io } from "../terminal/io.ts";
import { dim } from "../terminal/line.ts";
import { openBrowser } from "../terminal/open-browser.ts";
import { printJson, printLine, printLines, printWarning } from "../terminal/print.ts";
import type { Report } from "../terminal/report.ts";

interface SandboxFlags {
  readonly port: number;
  readonly host: string;
  readonly open?: boolean;
  readonly file?: string;
  readonly outbox?: readonly string[];
  readonly tenant?: Readonly<Record<string, string>>;
  readonly apiKey?: readonly string[];
  readonly catalog?: string;
}

/** Runs a backend until Ctrl-C. Prints its URL as the first line of standard output. */
const sandbox = async (flags: SandboxFlags, io: Io): Promise<Report> => {
  const outboxes = (flags.outbox ?? []).map((path) => new ObservedOutbox(path));
  const options: SandboxOptions = {
    port: flags.port,
    host: flags.host,
    tenants: flags.tenant ?? {},
    apiKeys: flags.apiKey ?? [],
    outboxes,
    ...(flags.file === undefined ? {} : { file: flags.file }),
    ...(flags.catalog === undefined ? {} : { catalog: await readCatalogFile(flags.catalog) }),
  };
  try {
    await runUntilAborted(options, flags, io);
  } finally {
    await Promise.all(outboxes.map((outbox) => outbox.close()));
  }
  return { exit: EXIT.done, lines: [], data: undefined };
};

const runUntilAborted = async (options: SandboxOptions, { open }: SandboxFlags, io: Io): Promise<void> => {
  await using running = await createSandbox(options);
  const { url, urls } = running;
  if (io.json) await printJson(io.stdout, { url, urls });
  else await printLine(io.stdout, url);
  if (io.stderr.isTTY) {
    const lines = [
      "The dashboard is at the same address.",
      `In another terminal: export METER_LIB_BASE_URL=${url}`,
      ...urls.slice(1).map((other) => `From other machines: ${other}`),
      ...(new URL(url).pathname === "/"
        ? []
        : ["Anyone with this address has access: it contains the token."]),
      "Press Ctrl-C to stop.",
    ];
    await printLines(io.stderr, lines.map(dim));
  }
  if (open && !(await openBrowser(url))) await printWarning(io.stderr, `no browser found; open ${url}`);
  await aborted(io.signal);
};

export const sandboxCommand = (command: Command, invoke: Invoke): Command =>
  command
    .option("--port <number>", "port; 0 picks a free one", count("--port", 0, 65_535), 0)
    .option(
      "--host <address>",
      "address to listen on; 0.0.0.0 allows other machines, and every request then needs the token in the printed URL",
      "127.0.0.1",
    )
    .option("--open", "open the dashboard in the browser")
    .option("--file <file>", "SQLite file for all data (default: memory)")
    .option(
      "--outbox <file>",
      "outbox file of your app, or a PostgreSQL URL: the dashboard shows its dead letters and reconciles; repeatable",
      list,
    )
    .option(
      "--tenant <tenant=customer>",
      "a tenant and the customer who pays for it; repeatable",
      pairs("--tenant", "tenant=customer"),
    )
    .option("--api-key <key>", "an API key that the portal's lookup requires; repeatable", list)
    .option("--catalog <file>", "catalog file: YAML, JSON or a module (default: litewave)")
    .addHelpText(
      "after",
      `
Examples:
  $ meter sandbox --port 8099 --file usage.db --tenant tenant_123=cust_001 --open
  $ meter sandbox --outbox outbox.db --open`,
    )
    .action((flags: SandboxFlags) => invoke(command, (io) => sandbox(flags, io)));
