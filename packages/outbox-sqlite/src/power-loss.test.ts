import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canTrace, type DiskStep, traceDisk } from "../test/disk-trace.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

// Enough for a checkpoint: 1,000 pages in the log.
const BATCHES = 60;
const SIZE = 60;
const SECTOR = 512;
const WRITES_PER_CUT = 130;
const REPORTS_PER_CUT = 4;

type Change = Exclude<DiskStep, { readonly step: "synced" }>;

/** What a disk holds of a file: all that was synced, and perhaps some of what was written since. */
class DiskFile {
  #synced: Buffer = Buffer.alloc(0);
  #since: Change[] = [];

  apply(step: DiskStep): void {
    if (step.step !== "synced") {
      this.#since.push(step);
      return;
    }
    this.#synced = this.after(() => true);
    this.#since = [];
  }

  /** After a power cut: of what was not synced, the sectors that `arrived` says. */
  after(arrived: () => boolean): Buffer {
    const end = (change: Change) =>
      change.step === "write" ? change.offset + change.bytes.length : change.size;
    const image = Buffer.alloc(Math.max(this.#synced.length, ...this.#since.map(end)));
    this.#synced.copy(image);
    let length = this.#synced.length;
    for (const change of this.#since) {
      if (change.step === "truncate") {
        if (!arrived()) continue;
        length = change.size;
        image.fill(0, length);
        continue;
      }
      for (let from = 0; from < change.bytes.length; from += SECTOR) {
        if (!arrived()) continue;
        const copied = change.bytes.copy(image, change.offset + from, from, from + SECTOR);
        length = Math.max(length, change.offset + from + copied);
      }
    }
    return image.subarray(0, length);
  }
}

test("after a power cut, every commit that was reported is there, and none in part", async ({ skip }) => {
  if (!canTrace()) skip("strace is missing, or may not trace here");
  using place = storeFolder();
  const report = join(place.folder, "report");
  const script = fileURLToPath(new URL("../test/record-and-report.ts", import.meta.url));
  const steps = traceDisk(
    [script, place.path, report, String(BATCHES), String(SIZE)],
    [place.path, `${place.path}-wal`, report, place.folder],
    join(place.folder, "trace"),
  );

  const db = new DiskFile();
  const wal = new DiskFile();
  let folderSynced = false;
  let reported = -1;
  let cuts = 0;
  let writes = 0;
  let checkpointed = 0;
  const cutPower = async (arrived: () => boolean) => {
    const folder = join(place.folder, `cut-${cuts++}`);
    mkdirSync(folder);
    const path = join(folder, "outbox.db");
    writeFileSync(path, db.after(arrived));
    writeFileSync(`${path}-wal`, wal.after(arrived));
    const outbox = sqliteOutbox({ path, thread: "main" });
    expect((await outbox.open()).warnings).toEqual([]);
    const { recorded, pending, acknowledged } = await outbox.accounts();
    expect(recorded % SIZE, "whole batches").toBe(0);
    expect(recorded, `batch ${reported} was reported`).toBeGreaterThanOrEqual((reported + 1) * SIZE);
    expect(acknowledged).toBeGreaterThanOrEqual(Math.floor((reported + 1) / 3) * SIZE);
    expect(await outbox.list({ limit: 100_000 })).toHaveLength(pending);
    await outbox.close();
  };

  const random = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { numRuns: 5_000, seed: 1 });
  let drawn = 0;
  const perhaps = () => (random[drawn++ % random.length] ?? 0) < 0.5;
  for (const step of steps) {
    if (step.path === place.path) db.apply(step);
    else if (step.path === `${place.path}-wal`) wal.apply(step);
    else if (step.path === place.folder) folderSynced ||= step.step === "synced";
    else if (step.path === report) {
      reported++;
      expect(folderSynced, "the names of the files are on the disk").toBe(true);
      if (reported % REPORTS_PER_CUT === 0) await cutPower(() => false);
      continue;
    }
    // In the middle of a commit or of a checkpoint: some of what is not synced has arrived, in any order.
    if (step.step === "write" && ++writes % WRITES_PER_CUT === 0) await cutPower(perhaps);
    if (step.step === "write" && step.path === place.path) checkpointed++;
  }
  expect(reported).toBe(BATCHES - 1);
  expect(checkpointed, "pages written by checkpoints").toBeGreaterThan(100);
});
