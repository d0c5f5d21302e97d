import { createSandbox, type SandboxOptions } from "@meter-lib/sandbox";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
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
