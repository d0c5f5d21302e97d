import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox } from "../sandbox.ts";
import { postEvent } from "../testing/post-events.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandbox-schema-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a file is for its owner alone", async () => {
  const file = join(folder, "usage.db");
  await using sandbox = await createSandbox({ file });
  await postEvent(sandbox.url);
  for (const name of await readdir(folder)) {
    expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
  }
});

test("a file of another version is refused and stays as it was", async () => {
  const file = join(folder, "other.db");
  await (await createSandbox({ file })).close();
  const other = new DatabaseSync(file);
  other.exec("PRAGMA user_version = 2");
  other.close();
  const before = await readFile(file);
  await expect(createSandbox({ file })).rejects.toMatchObject({
    message: expect.stringMatching(/expected schema version \d+, got 2 in .*other\.db: begin a new file/),
  });
  expect(await readFile(file)).toEqual(before);
});
