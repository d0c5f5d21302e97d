import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { seeded } from "../../../../packages/core/test/seeded.ts";
import { startChild } from "./child.ts";
import { CHUNK, LINES_OF_CHUNK } from "./chunk.ts";
import { judge, type Verdict } from "./oracle.ts";
import { idsIn, readOutboxFile } from "./outbox-file.ts";
import { type Dialect, plainReceiver, sandboxReceiver } from "./receiver.ts";
import { emptyHistogram, type Histogram, note } from "./where-it-fell.ts";

export interface KillRunOptions {
  /** `sandbox` deduplicates, `plain` does not. */
  readonly receiver: "sandbox" | "plain";
  readonly dialect: Dialect;
  readonly kills: number;
  /** How many events each writer records, if it lives long enough. */
  readonly eventsPerLife: number;
  readonly seed: number;
  /** The writer works wrongly on purpose; see `writer.ts`. */
  readonly broken?: "new-ids" | "resend" | "early-delete";
}

export interface KillRun {
  readonly verdict: Verdict;
  readonly histogram: Histogram;
  /** The accounts that the last writer printed. */
  readonly accounts: Readonly<Record<string, unknown>>;
}

const LAST_MOMENT_MS = 40;

const WRITER = fileURLToPath(new URL("writer.ts", import.meta.url));

/** Kills a writer again and again, lets the last one deliver what is left, and hears the judge. */
export const killRun = async (options: KillRunOptions): Promise<KillRun> => {
  const { receiver: kind, dialect, kills, eventsPerLife, seed } = options;
  const folder = mkdtempSync(join(tmpdir(), "meter-kills-"));
  const outbox = join(folder, "outbox.db");
  const journal = join(folder, "journal.txt");
  const random = seeded(seed);
  const receiver = kind === "plain" ? await plainReceiver(seed) : await sandboxReceiver(folder, seed);
  const histogram = emptyHistogram();
  const args = ["--outbox", outbox, "--journal", journal, "--url", receiver.url, "--dialect", dialect];
  if (receiver.dedup) args.push("--dedup");
  if (options.broken !== undefined) args.push("--broken", options.broken);
  try {
    for (let kill = 0; kill < kills; kill++) {
      const before = sizeOf(journal);
      const writer = startChild(WRITER, [...args, "--count", String(eventsPerLife)]);
      if ((await writer.nextLine()) !== "ready") throw new Error(`the writer ended: ${writer.errors()}`);
      // Of three lives, one ends as soon as some events are issued, one when all is recorded and the last are on their way, one anywhere before.
      const chunks = eventsPerLife / CHUNK;
      const last = kill % 3 === 2 ? chunks : Math.floor(random() * chunks);
      for (let line = 0; line < last * LINES_OF_CHUNK; line++) await writer.nextLine();
      if (kill % 3 === 0) await writer.nextLine();
      else await sleep(random() * LAST_MOMENT_MS);
      writer.signal("SIGKILL");
      if ((await writer.ended) !== "SIGKILL")
        throw new Error(`the writer ended by itself: ${writer.errors()}`);
      const issued = readFileSync(journal, "utf8")
        .slice(before)
        .split("\n")
        .flatMap((line) => (line.startsWith("I ") ? [line.split(" ")[1] ?? ""] : []));
      note(histogram, readOutboxFile(outbox), new Set(issued), receiver.counted());
    }
    receiver.calm();
    const last = startChild(WRITER, [...args, "--drain"]);
    const printed = await last.nextLine();
    const code = await last.ended;
    if (printed === undefined || code !== 0)
      throw new Error(`the last writer did not drain (${code}): ${last.errors()}`);
    const arrivals = await receiver.finish();
    const rows = readOutboxFile(outbox);
    const verdict = judge({
      journal: readFileSync(journal, "utf8"),
      arrivals,
      pending: idsIn(rows, 0, 1),
      quarantined: idsIn(rows, 3),
      rejected: idsIn(rows, 2),
      dedup: receiver.dedup,
    });
    return { verdict, histogram, accounts: JSON.parse(printed) };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
