import { join } from "node:path";
import { createSandbox } from "@meter-lib/sandbox";
import { describe, expect, test } from "vitest";
import { startMeter } from "../testing/meter-process.ts";
import { runHere } from "../testing/run-here.ts";
import { TempFolder } from "../testing/temp-folder.ts";

const post = async (url: string, meter_id: string, total_usage: unknown, id: string) => {
  await fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-tenant-id": "a",
      "x-device-id": "d",
      "idempotency-key": id,
    },
    body: JSON.stringify({ meter_id, total_usage, customer_id: "cust_a" }),
  });
};

describe.concurrent("meter tail", { timeout: 240_000 }, () => {
  test("prints what comes in, from where it is asked to", async () => {
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    await post(sandbox.url, "page.processed.basic", 1, "e1");
    await post(sandbox.url, "page.processed.basic", 1, "e1");
    await post(sandbox.url, "page.processed.basic", "many", "e2");
    const args = ["tail", "--base-url", sandbox.url, "--since", "0"];
    const { exit, stdout } = await runHere([...args, "--count", "3"]);
    expect(exit).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}accepted {3}a {2}page\.processed\.basic {2}1 {2}e1$/);
    expect(lines[1]).toContain("duplicate");
    expect(lines[2]).toMatch(/refused .*total_usage/);
    const refused = await runHere([...args, "--count", "1", "--state", "refused", "--json"]);
    expect(JSON.parse(refused.stdout)).toMatchObject({ state: "refused", tenant_id: "a" });
  });

  test("follows until Ctrl-C, and begins with what is new", async () => {
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    await post(sandbox.url, "page.processed.basic", 1, "old");
    const run = startMeter(["tail", "--base-url", sandbox.url]);
    // Posts until the first is seen: nobody knows when the command begins to look.
    let next = 0;
    const over = new AbortController();
    const posting = (async () => {
      while (!over.signal.aborted) await post(sandbox.url, "page.processed.basic", 2, `new-${next++}`);
    })();
    const line = await run.firstLine;
    over.abort();
    await posting;
    run.child.kill("SIGINT");
    expect(line).toMatch(/accepted .* 2 {2}new-\d+$/);
    expect(await run.ended).toMatchObject({ exit: 0 });
  });

  test("between the log and the stream nothing is told twice, and nothing is left out", async () => {
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    await post(sandbox.url, "page.processed.basic", 1, "e0");
    const args = ["tail", "--base-url", sandbox.url, "--since", "0", "--count", "40", "--json"];
    const run = startMeter(args);
    await run.firstLine;
    let over = false;
    const posting = (async () => {
      for (let next = 1; !over; next++) await post(sandbox.url, "page.processed.basic", 1, `e${next}`);
    })();
    const { stdout } = await run.ended;
    over = true;
    await posting;
    const ids = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).id);
    expect(ids).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test("a sandbox that is away is waited for; nothing of its log is left out", async () => {
    await using folder = await TempFolder.create();
    const options = { tenants: { a: "cust_a" }, file: join(folder.path, "usage.db") };
    let sandbox = await createSandbox(options);
    const port = Number(new URL(sandbox.url).port);
    await post(sandbox.url, "page.processed.basic", 1, "e1");
    const run = startMeter(["tail", "--base-url", sandbox.url, "--since", "0", "--count", "3", "--json"]);
    await run.firstLine;
    await sandbox.close();
    await run.errorText("waiting for it");
    sandbox = await createSandbox({ ...options, port });
    await post(sandbox.url, "page.processed.basic", 1, "e2");
    await post(sandbox.url, "page.processed.basic", 1, "e3");
    const { exit, stdout, stderr } = await run.ended;
    await sandbox.close();
    expect(exit).toBe(0);
    const ids = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event_id);
    expect(ids).toEqual(["e1", "e2", "e3"]);
    expect(stderr).toContain("The sandbox is back.");
  });

  test("a log longer than a stream holds is told whole, also with a filter; then the stream goes on", async () => {
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    const record = { meter_id: "page.processed.basic", customer_id: "cust_a", total_usage: 1 };
    for (let i = 0; i < 3; i++) {
      await fetch(`${sandbox.url}/topics/usage-events`, {
        method: "POST",
        headers: { "content-type": "application/vnd.kafka.json.v2+json" },
        body: JSON.stringify({ records: Array(1000).fill({ value: record }) }),
      });
    }
    const args = ["tail", "--base-url", sandbox.url, "--since", "0", "--json"];
    const all = await runHere([...args, "--count", "3000"]);
    expect(all.stdout.trim().split("\n")).toHaveLength(3000);
    const refused = startMeter([...args, "--count", "1", "--state", "refused"]);
    await post(sandbox.url, "page.processed.basic", "many", "odd");
    expect(JSON.parse((await refused.ended).stdout)).toMatchObject({ id: 3001, state: "refused" });
  });

  test("a URL without a sandbox is named", async () => {
    const { exit, stderr } = await runHere(["tail", "--base-url", "http://127.0.0.1:1"]);
    expect(exit).toBe(5);
    expect(stderr).toContain("http://127.0.0.1:1: expected a sandbox's log of events, got no response");
  });
});
