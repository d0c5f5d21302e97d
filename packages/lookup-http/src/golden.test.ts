import { readFileSync } from "node:fs";
import * as v from "valibot";
import { expect, test } from "vitest";
import { loopbackServer } from "../test/loopback-server.ts";
import { httpCustomerLookup } from "./http-customer-lookup.ts";
import type { LookupRoute } from "./lookup-route.ts";

const Row = v.object({
  version: v.string(),
  case: v.string(),
  args: v.looseObject({ tenant_id: v.string(), api_key: v.optional(v.string()) }),
  requests: v.array(
    v.object({ method: v.string(), path: v.string(), headers: v.record(v.string(), v.string()) }),
  ),
});

// Recorded from the Python library; the README beside the file says how.
const file = new URL("../../transport-fetch/test/golden.json", import.meta.url);
const golden = v.parse(v.array(Row), JSON.parse(readFileSync(file, "utf8")));

const PORTAL_KEY_VERSIONS = ["0.0.6", "0.0.7", "0.0.8"];

const routeOf = (version: string, apiKey: string | undefined): LookupRoute => {
  if (version === "0.0.3") return "internal-v1";
  if (apiKey === undefined) return "internal";
  return PORTAL_KEY_VERSIONS.includes(version) ? "portal-key" : "portal";
};

const rows = golden.flatMap(({ version, case: name, args, requests }) => {
  const recorded = requests.find(({ method }) => method === "GET");
  return recorded === undefined
    ? []
    : [{ version, name, args, recorded, route: routeOf(version, args.api_key) }];
});

test("all four lookups were recorded", () => {
  expect(new Set(rows.map(({ route }) => route))).toEqual(
    new Set(["internal-v1", "internal", "portal-key", "portal"]),
  );
});

test.each(rows)("$version $name asks like the $route lookup", async ({ args, recorded, route }) => {
  await using server = await loopbackServer((response) => response.end('[{"id":"cust_001"}]'));
  const apiKey = args.api_key === undefined ? {} : { apiKey: args.api_key };
  const lookup = httpCustomerLookup({ baseUrl: server.url, route, ...apiKey });
  const answer = await lookup.lookup(args.tenant_id, { signal: AbortSignal.timeout(60_000) });
  expect(answer).toEqual({ state: "found", customer_id: "cust_001" });
  const [request] = server.requests;
  expect(request).toMatchObject({ method: recorded.method, path: recorded.path, headers: recorded.headers });
  const credentials = Object.keys(request?.headers ?? {}).filter(
    (header) => header.startsWith("x-") || header === "authorization",
  );
  expect(credentials.sort()).toEqual(
    Object.keys(recorded.headers)
      .filter((header) => header !== "accept")
      .sort(),
  );
});
