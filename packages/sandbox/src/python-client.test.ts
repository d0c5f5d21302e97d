import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSandbox } from "./sandbox.ts";

const run = promisify(execFile);
const CLUSTER_HOST = "metering.metering.svc.cluster.local:8000";
const VERSIONS = ["0.0.3", "0.1.0"];
const API_KEY = "sk-lw-test";

let folder = "";
/** Why the library could not be installed; then nothing can be said about it. */
let missing: string | undefined;

const libraryOf = (version: string) => join(folder, version);

const install = async (version: string): Promise<void> => {
  const pip = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--no-input",
    "--disable-pip-version-check",
    "--no-cache-dir",
    "--retries",
    "0",
  ];
  await run("python3", [...pip, "--target", libraryOf(version), `meter-lib==${version}`]);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meter-python-"));
  try {
    await Promise.all(VERSIONS.map(install));
  } catch (error) {
    missing = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    console.log(`SKIPPED: the Python library could not be installed (${missing})`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a Python program with a version of the library, the host name in it answered through a proxy where one is given. */
const python = async (version: string, program: string, proxy?: string): Promise<unknown> => {
  const { stdout } = await run("python3", ["-c", `import json\n${program}`], {
    env: {
      PATH: process.env.PATH,
      PYTHONPATH: libraryOf(version),
      NO_PROXY: "127.0.0.1",
      ...(proxy === undefined ? undefined : { HTTP_PROXY: proxy }),
    },
  });
  return JSON.parse(stdout);
};

/** A forward proxy that stands in for the cluster's name service: it leads the one built-in host to the sandbox. */
const clusterProxy = async (sandboxUrl: string): Promise<Server> => {
  const proxy = createServer((incoming, outgoing) => {
    const target = new URL(incoming.url ?? "");
    if (target.host !== CLUSTER_HOST) {
      outgoing.writeHead(502).end();
      return;
    }
    const headers = { ...incoming.headers, host: new URL(sandboxUrl).host };
    const forwarded = request(
      sandboxUrl + target.pathname,
      { method: incoming.method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(forwarded);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return proxy;
};

const urlOf = (server: Server): string => {
  const address = server.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
};

describe("the Python library, unchanged", () => {
  test("0.0.3 looks up the customer and posts in the events dialect", async ({ skip }) => {
    skip(missing !== undefined, missing);
    await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" }, apiKeys: [API_KEY] });
    const proxy = await clusterProxy(sandbox.url);
    const returned = await python(
      "0.0.3",
      `
from meter_lib import post_meter_usage
post = lambda **more: post_meter_usage(tenant_id="tenant_123", device_id="us-east-ing1", **more)
print(json.dumps([post(meter_id="document.basic.page", total_usage=24) for _ in range(2)]))`,
      urlOf(proxy),
    );
    proxy.close();

    expect(returned).toEqual([{ status: "accepted" }, { status: "accepted" }]);
    expect(sandbox.usage()).toMatchObject([
      {
        tenant_id: "tenant_123",
        customer_id: "cust_001",
        meter_id: "document.basic.page",
        total_usage: 48,
        events: 2,
      },
    ]);
  });

  test("0.1.0 with the portal's key posts in the kafka-rest dialect; on and off make a duration", async ({
    skip,
  }) => {
    skip(missing !== undefined, missing);
    await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" }, apiKeys: [API_KEY] });
    const returned = await python(
      "0.1.0",
      `
from meter_lib import post_meter_usage, post_ai_meter_usage
who = dict(tenant_id="tenant_123", device_id="us-east-ing1", kafka_url="${sandbox.url}", portal_url="${sandbox.url}", api_key="${API_KEY}")
print(json.dumps([
  post_meter_usage(**who, meter_id="page.processed.basic", total_usage=24, timestamp=1759791552000),
  post_meter_usage(**who, meter_id="rule.executed.small", total_usage=1, metadata={"rule_id": "rule-abc123"}),
  post_ai_meter_usage(**who, meter_id="chat.on.time_hours", start_time=1759791552000),
  post_ai_meter_usage(**who, meter_id="chat.on.time_hours", end_time=1759795152000),
]))`,
    );

    const offset = (n: number) => ({
      offsets: [{ partition: 0, offset: n, error_code: null, error: null }],
      key_schema_id: null,
      value_schema_id: null,
    });
    expect(returned).toEqual([offset(0), offset(1), offset(2), offset(3)]);
    expect(sandbox.usage()).toMatchObject([
      { meter_id: "page.processed.basic", total_usage: 24, events: 1, late: 1 },
      { meter_id: "rule.executed.small", total_usage: 1, events: 1, late: 0 },
      { meter_id: "chat.on.time_hours", duration_ms: 3_600_000, events: 2 },
    ]);
  });

  test("0.1.0 without a key looks up inside the cluster", async ({ skip }) => {
    skip(missing !== undefined, missing);
    await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" }, apiKeys: [API_KEY] });
    const proxy = await clusterProxy(sandbox.url);
    await python(
      "0.1.0",
      `
from meter_lib import post_meter_usage
print(json.dumps(post_meter_usage("tenant_123", "us-east-ing1", "page.processed.basic", "${sandbox.url}", 24)))`,
      urlOf(proxy),
    );
    proxy.close();
    expect(sandbox.usage()).toMatchObject([{ total_usage: 24, events: 1 }]);
  });

  test("0.1.0 gets None for a wrong key, and nothing is counted", async ({ skip }) => {
    skip(missing !== undefined, missing);
    await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" }, apiKeys: [API_KEY] });
    const returned = await python(
      "0.1.0",
      `
import contextlib, io
from meter_lib import post_meter_usage
with contextlib.redirect_stdout(io.StringIO()):
  result = post_meter_usage("tenant_123", "d", "page.processed.basic", "${sandbox.url}", 24, "${sandbox.url}", "wrong")
print(json.dumps(result))`,
    );
    expect(returned).toBeNull();
    expect(sandbox.usage()).toEqual([]);
  });
});
