import { request } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox();
});
afterEach(() => sandbox.close());

// fetch does not let a caller choose Host.
const statusWith = (
  headers: Record<string, string>,
  path = "/sandbox/v1/health",
): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = request(`${sandbox.url}${path}`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });

test.each(["evil.example", "evil.example:80", "127.0.0.1.evil.example", "0.0.0.0"])(
  "refuses a request for the host %s",
  async (host) => {
    expect(await statusWith({ host })).toBe(403);
  },
);

test.each(["localhost", "localhost:8099", "127.0.0.1:1", "[::1]:8099"])(
  "answers a request for %s",
  async (host) => {
    expect(await statusWith({ host })).toBe(200);
  },
);

test.each([
  ["https://evil.example", 403],
  ["null", 403],
  ["http://localhost:5173", 200],
])("a page of the origin %s gets %i", async (origin, status) => {
  expect(await statusWith({ origin })).toBe(status);
});

test("a page elsewhere gets nothing looked up, so nothing is noted; a link to the dashboard may stand anywhere", async () => {
  const fromElsewhere = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  expect(await statusWith(fromElsewhere, "/api/v1/customer-accounts/tenant/invented")).toBe(403);
  expect(await getJson(sandbox.url, "/sandbox/v1/unknown-tenants")).toEqual({ tenants: [] });
  expect(await statusWith({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, "/")).toBe(200);
  // 127.0.0.1 and localhost are two sites; the origin says that both are this machine.
  expect(await statusWith({ "sec-fetch-site": "cross-site", origin: "http://localhost:5173" })).toBe(200);
});

test("listens on the loopback interface only", () => {
  expect(new URL(sandbox.url).hostname).toBe("127.0.0.1");
});
