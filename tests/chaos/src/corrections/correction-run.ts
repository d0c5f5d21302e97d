import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MeterClient, memoryTransport, type Reconciliation } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { createSandbox, sandboxLedger } from "@meter-lib/sandbox";
import { startChild } from "../kills/child.ts";
import { type JournalEntry, latestOf, readJournal } from "./correction-journal.ts";
import { seededRandom } from "./seeded-random.ts";

const WRITER = fileURLToPath(new URL("./correction-writer.ts", import.meta.url));

export interface CorrectionRunOptions {
  readonly operations: number;
  readonly kills: number;
  readonly seed: number;
}

export interface CorrectionRun {
  readonly journal: readonly JournalEntry[];
  readonly kills: number;
  /** Events and usage by the journal: of each event the last entry. */
  readonly expected: Sums;
  /** Events and usage that the sandbox counts. */
  readonly counted: Sums;
  readonly reconciliation: Reconciliation;
  readonly stats: Awaited<ReturnType<MeterClient["stats"]>>;
}

interface Sums {
  readonly events: number;
  readonly usage: number;
}

/** Has a process record and correct events, kills it at random, and compares what a sandbox counts with what the process meant. */
export const correctionRun = async ({
  operations,
  kills,
  seed,
}: CorrectionRunOptions): Promise<CorrectionRun> => {
  const folder = await mkdtemp(join(tmpdir(), "corrections-"));
  const [file, journal] = [join(folder, "usage.db"), join(folder, "journal")];
  const random = seededRandom(seed);
  await using sandbox = await createSandbox({ tenants: { tenant: "customer" } });
  try {
    let killed = 0;
    for (;;) {
      const child = startChild(WRITER, [file, sandbox.url, journal, String(seed), String(operations)]);
      const left = kills - killed;
      const done = readJournal(journal).length;
      // Spread over what is left to be done.
      const until = left === 0 ? Number.POSITIVE_INFINITY : (2 * random() * (operations - done)) / (left + 1);
      let line = await child.nextLine();
      for (let lines = 0; line !== undefined && lines < until; lines++) line = await child.nextLine();
      if (line !== undefined) {
        child.signal("SIGKILL");
        killed++;
      }
      const end = await child.ended;
      if (line === undefined && end !== 0) throw new Error(`the writer ended with ${end}: ${child.errors()}`);
      if (line === undefined) break;
    }
    await using client = new MeterClient({
      transport: memoryTransport(),
      customerLookup: staticCustomers({ tenant: "customer" }),
      outbox: sqliteOutbox({
        path: file,
        retention: { acknowledgedMs: 86_400_000, ledgerMs: 864_000_000_000 },
      }),
    });
    const rows = sandbox.usage();
    return {
      journal: readJournal(journal),
      kills: killed,
      expected: sumOf(readJournal(journal)),
      counted: {
        events: rows.reduce((sum, { events }) => sum + events, 0),
        usage: rows.reduce((sum, { total_usage }) => sum + total_usage, 0),
      },
      reconciliation: await client.reconcile(sandboxLedger(sandbox.url)),
      stats: await client.stats(),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};

const sumOf = (journal: readonly JournalEntry[]): Sums => {
  const counting = [...latestOf(journal).values()].filter(({ what }) => what !== "cancel");
  return { events: counting.length, usage: counting.reduce((sum, { usage }) => sum + usage, 0) };
};
