import { createSandbox } from "@meter-lib/sandbox";
import { describe, expect, test } from "vitest";
import { meter, startMeter } from "../testing/meter-process.ts";

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
    const { exit, stdout } = await meter([...args, "--count", "3"]);
    expect(exit).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}accepted {3}a {2}page\.processed\.basic {2}1 {2}e1$/);
    expect(lines[1]).toContain("duplicate");
    expect(lines[2]).toMatch(/refused .*total_usage/);
    const refused = await meter([...args, "--count", "1", "--state", "refused", "--json"]);
    expect(JSON.parse(refused.stdout)).toMatchObject({ state: "refused", tenant_id: "a" });
  });

  test("follows until Ctrl-C, and begins with what is new", async () => {
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    await post(sandbox.url, "page.processed.basic", 1, "old");
    const run = startMeter(["tail", "--base-url", sandbox.url, "--interval", "20ms"]);
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

  test("a URL without a sandbox is named", async () => {
    const { exit, stderr } = await meter(["tail", "--base-url", "http://127.0.0.1:1"]);
    expect(exit).toBe(5);
    expect(stderr).toContain("http://127.0.0.1:1: expected a sandbox's log of events, got no answer");
  });
});
