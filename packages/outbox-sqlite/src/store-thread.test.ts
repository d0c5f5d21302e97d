import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { claimIds } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const script = fileURLToPath(new URL("../test/record-and-end.ts", import.meta.url));

const run = (path: string, how: string) =>
  execFileSync(process.execPath, ["--conditions=source", script, path, how], {
    encoding: "utf8",
    timeout: 30_000,
  });

test("a process ends by itself with its outbox open, after the commits that were under way", async () => {
  using place = storeFolder();
  expect(run(place.path, "let-end")).toBe("committed\n");
  const outbox = sqliteOutbox({ path: place.path });
  await outbox.open();
  expect(await claimIds(outbox)).toEqual(["awaited", "not awaited"]);
  await outbox.close();
});

test("a process that exits at once keeps what was reported", async () => {
  using place = storeFolder();
  expect(run(join(place.folder, "other.db"), "exit")).toBe("committed\n");
  const outbox = sqliteOutbox({ path: join(place.folder, "other.db") });
  await outbox.open();
  expect(await claimIds(outbox)).toContain("awaited");
  await outbox.close();
});
