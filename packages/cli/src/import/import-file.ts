import { type Catalog, MeterClient } from "@meter-lib/core";
import { connect, type Ways } from "../backend/connect.ts";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { DeliveryWatch, type Stop } from "../outbox/delivery-watch.ts";
import { lookIntoPerhaps, rememberingOutbox, withOutbox } from "../outbox/open-outbox.ts";
import type { Io } from "../terminal/io.ts";
import { startProgress } from "../terminal/progress.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";
import { stopping } from "../terminal/stopping.ts";
import { formatNumber } from "../terminal/table.ts";
import { tellWarnings } from "../terminal/tell-warnings.ts";
import { checkFile, type FileCheck } from "./check-file.ts";
import { dryRun, dryRunReport } from "./dry-run.ts";
import { findUnknownTenants } from "./find-unknown-tenants.ts";
import type { ImportFlags } from "./import-flags.ts";
import { ImportSource } from "./import-source.ts";
import { describeImport, type ImportSum, importExit } from "./import-sum.ts";
import { formatOf } from "./read-rows.ts";
import { type RecordedFile, recordFile } from "./record-file.ts";
import { RowMapping } from "./row-mapping.ts";

const CLOSE_MS = 3_000;
const MAX_TENANTS_SHOWN = 20;

/**
 * Imports every row of a file. Three steps, each of which stops at mistakes: check all lines; look up all tenants; record the rows in the
 * outbox and deliver them.
 */
export const importFile = async (file: string, flags: ImportFlags, io: Io): Promise<Report> => {
  const source = await ImportSource.open({
    file,
    format: flags.format ?? formatOf(file),
    delimiter: delimiterOf(file, flags.delimiter),
    mapping: new RowMapping({
      columns: flags.map ?? {},
      constants: flags.set ?? {},
      ignored: flags.ignore ?? [],
      ignoreOthers: flags.ignoreOtherColumns ?? false,
      times: { unit: flags.timeUnit, zone: flags.timeZone },
    }),
  });
  const catalog = await readCatalogFile(flags.catalog ?? "litewave");
  const ways = connect(flags, io);
  const checked = await check(source, catalog, ways, flags, io);
  await checkTenants(file, checked, ways, io);
  const outbox = flags.outbox ?? `${file}.outbox.db`;
  if (flags.dryRun) return tryOut(source, checked, outbox, flags, io);

  const { recorded, stop } = await deliver(source, checked, catalog, ways, outbox, flags, io);
  await source.mustBeUnchanged();
  const accounts = await withOutbox(outbox, io, async (opened) => opened.accounts());
  // It was stopped when everything was done.
  const isThrough = recorded.rows === checked.rows && accounts.pending === 0;
  const sum: ImportSum = {
    file,
    outbox,
    total: checked.rows,
    recorded,
    accounts,
    stop: isThrough ? undefined : stop,
  };
  return { exit: importExit(sum), lines: describeImport(sum), data: sum };
};

const delimiterOf = (file: string, given: string | undefined): string => {
  const delimiter =
    given === "tab" || given === "\\t" ? "\t" : (given ?? (file.endsWith(".tsv") ? "\t" : ","));
  if (delimiter.length !== 1)
    throw CliError.usage("--delimiter", "one character, or tab", JSON.stringify(given));
  return delimiter;
};

const check = async (
  source: ImportSource,
  catalog: Catalog,
  { transport, customerLookup }: Ways,
  flags: ImportFlags,
  io: Io,
): Promise<FileCheck> => {
  const { file, bytes } = source;
  await using client = new MeterClient({ catalog, transport, customerLookup });
  const progress = startProgress(io, "checking", "MB");
  const megabytes = (value: number) => Math.round(value / 1e6);
  try {
    const checked = await checkFile(source, {
      check: (event) => client.check(event),
      idSource: flags.source,
      maxFaults: flags.maxErrors,
      signal: io.signal,
      onBytes: (read) => progress.at(megabytes(read), megabytes(bytes)),
    });
    if (checked.wrongLines > 0) throw wrongLines(file, checked);
    return checked;
  } finally {
    progress.end();
  }
};

const wrongLines = (file: string, { faults, wrongLines: count, rows }: FileCheck): CliError => {
  const more =
    count > faults.length
      ? [`… and ${quantity(count - faults.length, "more line")} (show more with --max-errors)`]
      : [];
  return new CliError(EXIT.data, [
    `${formatNumber(count)} of ${quantity(rows, "row")} with mistakes; nothing was recorded`,
    ...faults.map(({ line, message }) => `${file}:${line}: ${message}`),
    ...more,
  ]);
};

const checkTenants = async (
  file: string,
  { tenants }: FileCheck,
  { customerLookup }: Ways,
  io: Io,
): Promise<void> => {
  const unknown = await findUnknownTenants(tenants.keys(), customerLookup, io.signal);
  if (unknown.length === 0) return;
  const lines = unknown.slice(0, MAX_TENANTS_SHOWN).map(({ tenant_id, answer }) => {
    const why = answer.state === "unknown" ? "has no customer" : `could not be looked up: ${answer.reason}`;
    return `${file}:${tenants.get(tenant_id)}: tenant ${JSON.stringify(tenant_id)} ${why}`;
  });
  const more = unknown.length > lines.length ? [`… and ${unknown.length - lines.length} more`] : [];
  throw new CliError(EXIT.undelivered, [
    `no known customer for ${unknown.length} of ${quantity(tenants.size, "tenant")}; nothing was recorded`,
    ...lines,
    ...more,
  ]);
};

const tryOut = async (
  source: ImportSource,
  checked: FileCheck,
  outbox: string,
  flags: ImportFlags,
  io: Io,
): Promise<Report> => {
  const comparing = startProgress(io, "comparing", "rows");
  try {
    const run = await lookIntoPerhaps(outbox, (opened) =>
      dryRun(source, checked, {
        outbox: opened,
        idSource: flags.source,
        maxFaults: flags.maxErrors,
        signal: io.signal,
        onRows: (rows) => comparing.at(rows, checked.rows),
      }),
    );
    await source.mustBeUnchanged();
    return dryRunReport(run);
  } finally {
    comparing.end();
  }
};

const deliver = async (
  source: ImportSource,
  checked: FileCheck,
  catalog: Catalog,
  { transport, customerLookup }: Ways,
  outbox: string,
  flags: ImportFlags,
  io: Io,
): Promise<{ readonly recorded: RecordedFile; readonly stop: Stop | undefined }> => {
  const client = new MeterClient({
    catalog,
    transport,
    customerLookup,
    outbox: rememberingOutbox(outbox),
    delivery: { onFull: "block" },
  });
  tellWarnings(client, io);
  using watch = new DeliveryWatch(client, flags.giveUpAfter, io.signal);
  const importing = startProgress(io, "importing", "rows");
  try {
    const recorded = await recordFile(source, {
      client,
      watch,
      repeats: checked.repeats,
      idSource: flags.source,
      maxFaults: flags.maxErrors,
      onRows: (rows) => importing.at(rows, checked.rows, `${formatNumber(watch.acknowledged)} delivered`),
    });
    importing.end();
    const { pending } = await client.stats();
    const before = watch.acknowledged;
    const delivering = startProgress(io, "delivering", "events");
    await watch.delivered(() => delivering.at(watch.acknowledged - before, pending));
    delivering.end();
    if (watch.stop !== undefined) await stopping(io);
    return { recorded, stop: watch.stop };
  } finally {
    importing.end();
    await client.close({ timeoutMs: CLOSE_MS });
  }
};
