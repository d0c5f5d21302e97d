import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createSandbox } from "@meter-lib/sandbox";
import { describe, expect, test } from "vitest";
import { runHere } from "../testing/run-here.ts";

const serve = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  return { url, [Symbol.asyncDispose]: async () => void server.close() };
};

const statesOf = (stdout: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    JSON.parse(stdout).findings.map(({ check, state }: { check: string; state: string }) => [check, state]),
  );

describe.concurrent("meter doctor", { timeout: 240_000 }, () => {
  test.each(["events", "kafka-rest"])(
    "all is well with a sandbox that speaks %s, and nothing is counted",
    async (dialect) => {
      await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
      const args = ["doctor", "--base-url", sandbox.url, "--dialect", dialect];
      const { exit, stdout } = await runHere([...args, "--tenant", "a"]);
      expect(stdout).toMatch(/^ok {4}dialect {6}/m);
      expect(stdout).toContain("a is cust_a");
      expect(exit).toBe(0);
      expect(sandbox.usage()).toEqual([]);
    },
  );

  test("--send finds out whether an id is counted once", async () => {
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    const args = ["doctor", "--base-url", sandbox.url, "--tenant", "a", "--send", "--json"];
    expect(statesOf((await runHere(args)).stdout)).toMatchObject({ event: "good", dedup: "good" });
    expect(sandbox.usage()).toMatchObject([{ total_usage: 0 }]);
  });

  test("names what is wrong and what to do", async () => {
    await using sandbox = await createSandbox({ apiKeys: ["RIGHT"], tenants: { a: "cust_a" } });
    const key = await runHere(["doctor", "--base-url", sandbox.url, "--api-key", "WRONG", "--json"]);
    expect(key.exit).toBe(4);
    expect(statesOf(key.stdout)).toMatchObject({ lookup: "good", credentials: "bad" });
    const tenant = await runHere(["doctor", "--base-url", sandbox.url, "--tenant", "b"]);
    expect(tenant.stdout).toContain("b has no customer → create the tenant's customer, or check --tenant");
    const away = await runHere(["doctor", "--base-url", "http://127.0.0.1:1", "--json"]);
    expect(statesOf(away.stdout)).toMatchObject({ backend: "bad", lookup: "bad", credentials: "unknown" });
  });

  test("notices another dialect and another time", async () => {
    await using other = await serve((_, response) => {
      response.writeHead(404, { date: new Date(Date.now() - 3_600_000).toUTCString() }).end("{}");
    });
    const { exit, stdout } = await runHere(["doctor", "--base-url", other.url]);
    expect(exit).toBe(4);
    expect(stdout).toContain(
      "nothing here speaks events (404) → check the path of --base-url, or --dialect kafka-rest",
    );
    expect(stdout).toMatch(/FAIL {2}clock {8}this clock is 3[56]\d\d s ahead of the backend's/);
  });
});
