import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { PageBatchAnswer, PageEvent } from "@meter-lib/core/wire";
import { createSandbox, type Sandbox } from "@meter-lib/sandbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ORIGIN, pageEvent } from "../test/relay-under-test.ts";

const PROCESS = fileURLToPath(new URL("../test/relay-process.ts", import.meta.url));

let folder = "";
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meter-relay-"));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

const start = async (
  sandbox: Sandbox,
  names: { readonly outbox: string; readonly dedup: string } = { outbox: "outbox.db", dedup: "dedup.db" },
  { killAt = "never", clockMs = 0 } = {},
) => {
  const args = [sandbox.url, join(folder, names.outbox), join(folder, names.dedup), killAt, String(clockMs)];
  const child = spawn(process.execPath, ["--conditions=source", PROCESS, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const died = once(child, "exit").then(() => Promise.reject(new Error("the relay's process ended")));
  died.catch(() => {});
  const [port] = await Promise.race([once(createInterface(child.stdout), "line"), died]);
  return { child, url: `http://127.0.0.1:${port}` };
};

const post = async (url: string, events: readonly PageEvent[]) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { origin: ORIGIN, "content-type": "text/plain" },
    body: JSON.stringify({ sent_at: Date.now(), events }),
  });
  const { results }: PageBatchAnswer = JSON.parse(await answer.text());
  return results.map(({ state }) => state);
};

const eventsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => pageEvent({ event_id: `event-${index}`, total_usage: 1 }));

test.each(["claimed", "handed_on", "stored", "confirmed"])(
  "a relay killed when its events are %s loses none and counts none twice, at a receiver that drops no repeats",
  async (killAt) => {
    await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
    const names = { outbox: `outbox-${killAt}.db`, dedup: `dedup-${killAt}.db` };
    const events = eventsOf(20);

    const doomed = await start(sandbox, names, { killAt });
    const died = once(doomed.child, "exit");
    await expect(post(doomed.url, events)).rejects.toThrow();
    expect(await died).toEqual([null, "SIGKILL"]);

    // Its clock is a minute ahead: the dead process's claims have lapsed.
    const next = await start(sandbox, names, { clockMs: 60_000 });
    const states = await post(next.url, events);
    expect(states).toEqual(events.map(() => expect.stringMatching(/^(accepted|duplicate)$/)));
    const usage = () => sandbox.usage().map(({ total_usage, events: count }) => ({ total_usage, count }));
    await expect.poll(usage, { interval: 50 }).toEqual([{ total_usage: 20, count: 20 }]);
    // And once more, as a page does that was closed before it saw the answer.
    expect(await post(next.url, events)).toEqual(events.map(() => "duplicate"));
    expect(usage()).toEqual([{ total_usage: 20, count: 20 }]);
  },
);

test("what a relay had in its outbox when it was killed, another relay leaves to it: it is counted once", async () => {
  await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
  const [first, second] = ["first", "second"].map((name) => ({
    outbox: `outbox-${name}.db`,
    dedup: "dedup-takeover.db",
  }));
  const events = eventsOf(20);
  const doomed = await start(sandbox, first, { killAt: "stored" });
  await expect(post(doomed.url, events)).rejects.toThrow();

  // The claims have lapsed, but only the first one's outbox knows whether it has the events.
  const other = await start(sandbox, second, { clockMs: 60_000 });
  expect(await post(other.url, events)).toEqual(events.map(() => "retry"));

  const again = await start(sandbox, first, { clockMs: 60_000 });
  expect(await post(again.url, events)).toEqual(events.map(() => "duplicate"));
  expect(await post(other.url, events)).toEqual(events.map(() => "duplicate"));
  const usage = () => sandbox.usage().map(({ total_usage, events: count }) => ({ total_usage, count }));
  await expect.poll(usage, { interval: 50 }).toEqual([{ total_usage: 20, count: 20 }]);
});

test("two relays on one dedup file that get the same batch at once count it once", async () => {
  await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
  const relays = await Promise.all(
    ["a", "b"].map((name) => start(sandbox, { outbox: `outbox-${name}.db`, dedup: "dedup-shared.db" })),
  );
  const events = eventsOf(30);
  const batches = [events, events.toReversed(), events, events.slice(15)];
  const answers = await Promise.all(batches.flatMap((batch) => relays.map(({ url }) => post(url, batch))));
  const accepted = answers.flat().filter((state) => state === "accepted");
  expect(accepted).toHaveLength(30);
  const usage = () => sandbox.usage().map(({ total_usage }) => total_usage);
  await expect.poll(usage, { interval: 50 }).toEqual([30]);
  for (const { url } of relays) expect(await post(url, events)).toEqual(events.map(() => "duplicate"));
  expect(usage()).toEqual([30]);
});
