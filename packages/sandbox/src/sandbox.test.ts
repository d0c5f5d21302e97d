import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createSandbox } from "./sandbox.ts";
import { getJson, postEvent, postRecords } from "./testing/post-events.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meter-sandbox-"));
});
afterAll(() => rm(folder, { recursive: true }));

const NOON = Date.UTC(2026, 5, 1, 12);

test("a restart on the same file keeps everything", async () => {
  const file = join(folder, "usage.db");
  const event = { headers: { "idempotency-key": "a", "x-producer": "p", "x-seq": "2" } };
  const start = { meter_id: "chat.on.time_hours", customer_id: "cust_001", ai_event: true, start_time: NOON };
  const end = { meter_id: "chat.on.time_hours", customer_id: "cust_001", ai_event: true, end_time: NOON + 5 };
  const snapshot = async (url: string) =>
    Promise.all(
      ["usage", "usage?by=hour", "events", "gaps", "ledger", "tenants"].map((path) =>
        getJson(url, `/sandbox/v1/${path}`),
      ),
    );

  const first = await createSandbox({ file, tenants: { tenant_123: "cust_001" } });
  await postEvent(first.url, event);
  await postRecords(first.url, [start]);
  const before = await snapshot(first.url);
  await first.close();

  await using second = await createSandbox({ file });
  expect(await snapshot(second.url)).toEqual(before);
  expect(await (await postEvent(second.url, event)).json()).toEqual({ status: "duplicate", event_id: "a" });
  await postRecords(second.url, [end]);
  expect(second.usage({ meter_id: "chat.on.time_hours" })).toMatchObject([{ duration_ms: 5, events: 2 }]);
});

test("two sandboxes in memory share nothing", async () => {
  const tenants = { tenant_123: "cust_001" };
  await using one = await createSandbox({ tenants });
  await using two = await createSandbox({ tenants });
  await postEvent(one.url);
  expect(one.usage()).toHaveLength(1);
  expect(two.usage()).toEqual([]);
});

test("close answers what is on its way, may be called twice, and frees the port", async () => {
  const sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
  const port = Number(new URL(sandbox.url).port);
  const answers = Array.from({ length: 20 }, () =>
    postEvent(sandbox.url).then(
      (answer) => answer.status,
      () => "gone",
    ),
  );
  const [first] = await Promise.all(answers);
  await Promise.all([sandbox.close(), sandbox.close()]);
  expect(first).toBe(200);
  await using again = await createSandbox({ port });
  expect(again.url).toBe(sandbox.url);
});

test("an idle connection does not hold up the end", async () => {
  const sandbox = await createSandbox();
  const socket = connect(Number(new URL(sandbox.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  await sandbox.close();
  socket.destroy();
});

test("one process at a time holds a file", async () => {
  const file = join(folder, "held.db");
  await using _ = await createSandbox({ file });
  await expect(createSandbox({ file })).rejects.toMatchObject({
    code: "invalid_options",
    message: expect.stringMatching(/^file: .*locked/),
  });
});

test("a file of somebody else is left alone", async () => {
  const text = join(folder, "notes.txt");
  await writeFile(
    text,
    "These are notes, and they are long enough to be a page of a database, or so one might think at first.",
  );
  await expect(createSandbox({ file: text })).rejects.toMatchObject({
    message: expect.stringContaining("file: "),
  });

  const foreign = join(folder, "foreign.db");
  const database = new DatabaseSync(foreign);
  database.exec("CREATE TABLE theirs (id INTEGER)");
  database.close();
  await expect(createSandbox({ file: foreign })).rejects.toMatchObject({
    message: expect.stringContaining("expected a database of the sandbox"),
  });
});

test("a file of another schema version is refused by number", async () => {
  const file = join(folder, "newer.db");
  await (await createSandbox({ file })).close();
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 99");
  database.close();
  await expect(createSandbox({ file })).rejects.toMatchObject({ message: expect.stringContaining("got 99") });
});

test.each([
  [{ port: -1 }, "port: expected an integer from 0 to 65535, got -1"],
  [{ tenants: { "": "cust_001" } }, "tenants: "],
  [{ apiKeys: [""] }, "apiKeys: "],
])("refuses the options %o", async (options, message) => {
  await expect(createSandbox(options)).rejects.toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining(message),
  });
});

test("a clock that throws is a failure to try again, told on standard error; the next event is counted", async () => {
  let broken = true;
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const now = (): number => {
    if (broken) throw new Error("no time");
    return NOON;
  };
  await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" }, clock: { now } });
  expect((await postEvent(sandbox.url)).status).toBe(500);
  expect(told).toHaveBeenCalledWith(expect.objectContaining({ message: "no time" }));
  told.mockRestore();
  broken = false;
  expect((await postEvent(sandbox.url)).status).toBe(200);
  expect(sandbox.usage()).toMatchObject([{ events: 1 }]);
});
