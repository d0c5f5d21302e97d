import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSandbox } from "./sandbox.ts";
import { getJson, postEvent } from "./testing/post-events.ts";
import { startServe } from "./testing/serve-process.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meter-sandbox-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe.concurrent("the command", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "prints its URL first, serves, and ends at %s",
    async (signal) => {
      const flags = [
        "--port",
        "0",
        "--tenant",
        "tenant_123=cust_001",
        "--tenant",
        "b=cust_b",
        "--api-key",
        "KEY",
      ];
      const { child, firstLine, ended, errors } = startServe(...flags);
      const url = (await firstLine) ?? "";

      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await getJson(url, "/v1alpha1/customer-accounts/tenant/b")).toEqual([
        { id: "cust_b", tenant_id: "b" },
      ]);
      const portal = `${url}/metering/v1alpha1/customer-accounts/tenant/b`;
      expect((await fetch(portal)).status).toBe(401);
      expect((await fetch(portal, { headers: { "x-api-key": "KEY" } })).status).toBe(200);
      child.kill(signal);
      expect(await ended).toEqual([0, null]);
      expect(await errors).toBe("");
    },
  );

  test.each([
    [["--port", "many"], '--port: expected 0 to 65535, got "many"'],
    [["--port", "70000"], "port: expected an integer from 0 to 65535, got 70000"],
    [["--tenant", "tenant_123"], '--tenant: expected tenant=customer, got "tenant_123"'],
    [["--tenants", "a=b"], "--tenants"],
    [
      ["--file", "/nowhere/at/all.db"],
      "file: expected a database that can be opened, got /nowhere/at/all.db",
    ],
  ])("refuses %j in words", async (flags, message) => {
    const { ended, errors, firstLine } = startServe(...flags);
    expect(await ended).toEqual([2, null]);
    expect(await errors).toContain(message);
    expect(await errors).toContain("--help");
    expect(await firstLine).toBeUndefined();
  });

  test("a port in use is named", async () => {
    await using sandbox = await createSandbox();
    const { port } = new URL(sandbox.url);
    const { ended, errors } = startServe("--port", port);
    expect(await ended).toEqual([2, null]);
    expect(await errors).toContain(`port: expected a free port, got ${port}`);
  });

  test("explains itself", async () => {
    const { ended, firstLine } = startServe("--help");
    expect(await firstLine).toBe("A local metering backend.");
    expect(await ended).toEqual([0, null]);
  });

  test("killed in the middle, it keeps every event that it answered", async () => {
    const file = join(folder, "killed.db");
    const { child, firstLine, ended } = startServe("--file", file, "--tenant", "tenant_123=cust_001");
    const url = (await firstLine) ?? "";
    const answered: string[] = [];
    // Four clients post until the process dies under them; the kill comes while they are at it.
    const client = async (name: string): Promise<void> => {
      for (let i = 0; ; i++) {
        const id = `${name}-${i}`;
        const answer = await postEvent(url, { headers: { "idempotency-key": id } }).catch(() => undefined);
        if (answer === undefined) return;
        if (answer.status === 200) answered.push(id);
        if (answered.length === 100) child.kill("SIGKILL");
      }
    };
    await Promise.all(["a", "b", "c", "d"].map(client));
    expect(await ended).toEqual([null, "SIGKILL"]);

    await using sandbox = await createSandbox({ file });
    const stored = JSON.stringify(await getJson(sandbox.url, "/sandbox/v1/events?limit=1000"));
    expect(answered.length).toBeGreaterThanOrEqual(100);
    expect(answered.filter((id) => !stored.includes(`"event_id":"${id}"`))).toEqual([]);
    const [row] = sandbox.usage();
    expect(row?.total_usage).toBe(24 * (row?.events ?? 0));
  });
});
