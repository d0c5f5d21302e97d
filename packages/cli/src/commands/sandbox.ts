import { createSandbox, type SandboxOptions } from "@meter-lib/sandbox";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
import { aborted } from "../terminal/aborted.ts";
import type { Io } from "../terminal/io.ts";
import { dim } from "../terminal/line.ts";
import { openBrowser } from "../terminal/open-browser.ts";
import { printJson, printLine, printLines, printWarning } from "../terminal/print.ts";
import { WatchedOutbox } from "../watched-outbox.ts";

export interface SandboxFlags {
  readonly port: number;
  readonly host: string;
  readonly open?: boolean;
  readonly file?: string;
  readonly outbox?: readonly string[];
  readonly tenant?: Readonly<Record<string, string>>;
  readonly apiKey?: readonly string[];
  readonly catalog?: string;
}

/** Runs a backend until Ctrl-C. Its URL is the first line of standard output. */
export const sandbox = async (flags: SandboxFlags, io: Io): Promise<Report> => {
  const outboxes = (flags.outbox ?? []).map((path) => new WatchedOutbox(path));
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
      "The dashboard is at this address, too.",
      `In another terminal: export METER_LIB_BASE_URL=${url}`,
      ...urls.slice(1).map((other) => `From other machines: ${other}`),
      ...(new URL(url).pathname === "/" ? [] : ["Who knows the address may come in: it holds the token."]),
      "Ctrl-C ends it.",
    ];
    await printLines(io.stderr, lines.map(dim));
  }
  if (open && !(await openBrowser(url)))
    await printWarning(io.stderr, `no program opens a browser here; open ${url}`);
  await aborted(io.signal);
};
